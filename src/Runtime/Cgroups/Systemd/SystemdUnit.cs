using System.Buffers;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>A container's scope as systemd names it.</summary>
/// <param name="Name">The unit, <c>docker-4f2a.scope</c>.</param>
/// <param name="Slice">The slice that it is in, <c>system.slice</c>; <c>-.slice</c> is the root.</param>
internal sealed record SystemdUnit(string Name, string Slice)
{
    private const string ScopeSuffix = ".scope";
    private const string SliceSuffix = ".slice";
    private const string RootSlice = "-.slice";

    // systemd.unit(5): 255 characters, of ASCII letters, digits and these.
    private const int MostLength = 255;
    private static readonly SearchValues<char> s_valid =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@");

    /// <summary>The cgroup's path below the manager's own: <c>/a.slice/a-b.slice/docker-4f2a.scope</c> for the slice <c>a-b.slice</c>.</summary>
    public string Path
    {
        get
        {
            if (Slice == RootSlice) return "/" + Name;
            string[] parts = Slice[..^SliceSuffix.Length].Split('-');
            string path = "", prefix = "";
            foreach (string part in parts)
            {
                prefix = prefix.Length == 0 ? part : prefix + "-" + part;
                path += "/" + prefix + SliceSuffix;
            }

            return path + "/" + Name;
        }
    }

    /// <summary>The unit that a configuration asks for.</summary>
    /// <param name="cgroupsPath">linux.cgroupsPath: <c>slice:prefix:name</c>, as runc established it; null for a scope of the container's id in the usual slice.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="usualSlice">The slice where none is given: system.slice, or user.slice of a user's own manager.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public static SystemdUnit Parse(string? cgroupsPath, string id, string usualSlice)
    {
        string slice = usualSlice, prefix = "ctrun", name = id;
        if (!string.IsNullOrEmpty(cgroupsPath))
        {
            string[] parts = cgroupsPath.Split(':');
            if (parts.Length != 3)
            {
                throw Invalid($"With the systemd cgroup driver linux.cgroupsPath has the form slice:prefix:name, such as system.slice:app:web; '{cgroupsPath}' has not.", cgroupsPath);
            }

            (slice, prefix, name) = (parts[0].Length > 0 ? parts[0] : usualSlice, parts[1], parts[2]);
            if (name.EndsWith(SliceSuffix, StringComparison.Ordinal))
            {
                throw Invalid($"'{name}' is a slice, which holds other units and no processes; give the container a scope.", cgroupsPath);
            }
        }

        string unit = (prefix.Length > 0 ? prefix + "-" : "") + name + ScopeSuffix;
        if (name.Length == 0 || unit.Length > MostLength || unit.AsSpan().ContainsAnyExcept(s_valid))
        {
            throw Invalid($"'{unit}' is not a name for a unit of systemd: at most {MostLength} letters, digits and :-_.\\@.", cgroupsPath ?? id);
        }

        return IsSlice(slice) ? new SystemdUnit(unit, slice) : throw Invalid($"'{slice}' is not a slice of systemd, such as machine.slice or a-b.slice.", cgroupsPath ?? id);
    }

    // Dashes separate the levels, so none may be empty.
    private static bool IsSlice(string slice)
    {
        if (slice == RootSlice) return true;
        if (!slice.EndsWith(SliceSuffix, StringComparison.Ordinal) || slice.Length > MostLength || slice.AsSpan().ContainsAnyExcept(s_valid)) return false;
        foreach (string part in slice[..^SliceSuffix.Length].Split('-'))
        {
            if (part.Length == 0) return false;
        }

        return true;
    }

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidConfiguration, message, target);
}
