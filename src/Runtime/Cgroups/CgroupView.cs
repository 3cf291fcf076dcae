namespace ContainerTools.Runtime.Cgroups;

/// <summary>A cgroup hierarchy as a container sees it below /sys/fs/cgroup.</summary>
/// <param name="Folder">The folder's name there: <c>memory</c>; empty for a pure v2 machine, whose hierarchy is mounted on /sys/fs/cgroup itself.</param>
/// <param name="FileSystem"><c>cgroup</c> or <c>cgroup2</c>.</param>
/// <param name="Options">Mount options that pick the hierarchy: controllers, <c>name=systemd</c>.</param>
/// <param name="HostPath">The container's own cgroup folder on the host, for containers without a cgroup namespace.</param>
internal sealed record CgroupView(string Folder, string FileSystem, IReadOnlyList<string> Options, string HostPath)
{
    /// <summary>Whether it is the launcher's own cgroup, because the container has none: it is bound then, wherever the container is.</summary>
    public bool IsLaunchers { get; init; }
}
