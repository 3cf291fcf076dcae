using System.Globalization;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Hosts;

/// <summary>The kernel's version and the system calls that a launch is made of.</summary>
internal static class KernelProbes
{
    private const string Category = "Kernel";
    private static readonly Version s_least = new(5, 15);

    // With the version that brought each.
    private static readonly (SystemCall Call, string Since, string Purpose)[] s_calls =
    [
        (SystemCall.Clone3, "5.3", "to make a process in new namespaces"), (SystemCall.Openat2, "5.6", "to keep paths inside a container's root"),
        (SystemCall.MountSetattr, "5.12", "for mount options and id-mapped mounts"), (SystemCall.PidfdOpen, "5.3", "to signal and await processes safely"),
        (SystemCall.Fsopen, "5.2", "to mount by descriptors"), (SystemCall.CloseRange, "5.9", "to keep the host's descriptors out of a container"),
    ];

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        yield return JudgeVersion(context.Files.Text("/proc/sys/kernel/osrelease"));
        foreach ((SystemCall call, string since, string purpose) in s_calls)
        {
            yield return context.HasSystemCall(call)
                ? HostContext.Available(Category, call.Name, $"The system call is there, {purpose}.", required: true)
                : HostContext.Missing(
                    Category, call.Name, $"The kernel, or a filter around this process, does not know the system call, which is needed {purpose}.",
                    $"Use Linux {since} or newer, and no sandbox that forbids it.", required: true);
        }
    }

    /// <summary>Judges a release such as <c>6.1.0-18-amd64</c>.</summary>
    public static HostCapability JudgeVersion(string? release)
    {
        Version? version = Parse(release);
        if (version is null)
        {
            return HostContext.Limited(Category, "version", $"The kernel's release '{release}' cannot be read as a version.", $"Make sure that it is Linux {s_least} or newer.", required: true);
        }

        return version >= s_least
            ? HostContext.Available(Category, "version", $"Linux {release}; {s_least} is needed.", required: true)
            : HostContext.Missing(Category, "version", $"Linux {release} is older than {s_least}.", $"Install Linux {s_least} or newer.", required: true);
    }

    private static Version? Parse(string? release)
    {
        string[] parts = (release ?? "").Split('.', '-', '+');
        return parts.Length >= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
                ? new Version(major, minor)
                : null;
    }
}
