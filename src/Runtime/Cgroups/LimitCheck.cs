using System.Globalization;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>The errors of limits that can be told before the kernel is asked, and the ones it tells with a bare errno.</summary>
internal static class LimitCheck
{
    /// <summary>A value outside what the file accepts.</summary>
    public static ContainerException Invalid(CgroupFolder folder, string file, object value, string why)
        => new(
            ErrorCode.LimitInvalid,
            string.Create(CultureInfo.InvariantCulture, $"'{value}' is no valid value for {folder.PathOf(file)}: {why}."),
            folder.PathOf(file));

    /// <summary>A limit below what is in use.</summary>
    public static ContainerException BelowUsage(CgroupFolder folder, string file, string what, long limit, long usage)
        => new(
            ErrorCode.LimitBelowUsage,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {what} limit cannot be set to {limit} bytes: {usage} bytes are in use; free some in the container first, or set a limit above that."),
            folder.PathOf(file));

    /// <summary>Something this machine's kind of cgroup does not have.</summary>
    public static ContainerException NotSupported(CgroupFolder folder, string what)
        => new(ErrorCode.NotSupported, what, folder.Path);

    /// <summary>Throws unless the number lies in the range.</summary>
    public static void Range(CgroupFolder folder, string file, long value, long least, long most)
    {
        if (value < least || value > most)
            throw Invalid(folder, file, value, string.Create(CultureInfo.InvariantCulture, $"it must lie between {least} and {most}"));
    }
}
