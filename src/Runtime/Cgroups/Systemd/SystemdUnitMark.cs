namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>
/// What is on file about a container's scope before systemd is asked for it. Names of units are used again; the mark, a part of the unit's description, is not: so a
/// unit can be told from another's, whoever died in whichever moment.
/// </summary>
/// <param name="Unit">The unit's name.</param>
/// <param name="CgroupPath">Its cgroup's path below the root of each hierarchy.</param>
/// <param name="Token">A random text.</param>
internal sealed record SystemdUnitMark(string Unit, string CgroupPath, string Token)
{
    /// <summary>A mark for a unit that is to be made.</summary>
    public static SystemdUnitMark New(string unit, string cgroupPath) => new(unit, cgroupPath, Guid.NewGuid().ToString("N"));

    /// <summary>The description of a container's unit.</summary>
    public string Describe(string id) => $"container {id} ({Token})";

    /// <summary>Whether a unit with this description is the one.</summary>
    public bool Fits(string description) => description.EndsWith($"({Token})", StringComparison.Ordinal);
}
