namespace ContainerTools.Runtime.Containers;

/// <summary>Paths of one container's files, in its folder and in its run folder (docs/design/state.md).</summary>
internal readonly struct ContainerFiles(EnginePaths paths, string id)
{
    /// <summary>The container's id.</summary>
    public string Id { get; } = id;

    /// <summary>The container's folder.</summary>
    public string Folder { get; } = paths.Container(id);

    /// <summary>The run folder.</summary>
    public string RunFolder { get; } = paths.ContainerRun(id);

    /// <summary>What was asked for.</summary>
    public string Record => Path.Combine(Folder, "container.json");

    /// <summary>How the last run ended.</summary>
    public string Exit => Path.Combine(Folder, "exit.json");

    /// <summary>The log.</summary>
    public string Log => Path.Combine(Folder, "log");

    /// <summary>/etc/hosts of the container.</summary>
    public string Hosts => Path.Combine(Folder, "hosts");

    /// <summary>/etc/hostname of the container.</summary>
    public string HostName => Path.Combine(Folder, "hostname");

    /// <summary>/etc/resolv.conf of the container.</summary>
    public string ResolvConf => Path.Combine(Folder, "resolv.conf");

    /// <summary>The seccomp profile that was given when the container was made.</summary>
    public string SeccompProfile => Path.Combine(Folder, "seccomp.json");

    /// <summary>
    /// Names of volumes, a line each, that go with this folder when it is cleared away: there while the container is made, and once its removal
    /// with its volumes has begun.
    /// </summary>
    public string DoomedVolumes => Path.Combine(Folder, DoomedVolumesName);

    /// <summary>The name of <see cref="DoomedVolumes"/> in the folder.</summary>
    public const string DoomedVolumesName = "volumes";

    /// <summary>The mount point of the root.</summary>
    public string RootFs => Path.Combine(Folder, "rootfs");

    /// <summary>The OCI configuration of a run.</summary>
    public string Config => Path.Combine(RunFolder, "config.json");

    /// <summary>What the monitor must know.</summary>
    public string Monitor => Path.Combine(RunFolder, "monitor.json");

    /// <summary>The container's networks while it has a run (<see cref="Networks.NetworkPlan"/>).</summary>
    public string Network => Path.Combine(RunFolder, Networks.NetworkPlan.FileName);

    /// <summary>What runs.</summary>
    public string State => Path.Combine(RunFolder, "state.json");

    /// <summary>There while the container is frozen.</summary>
    public string Paused => Path.Combine(RunFolder, "paused");

    /// <summary>There once the user asked the container to stop.</summary>
    public string Stopped => Path.Combine(RunFolder, "stopped");

    /// <summary>The monitor's control socket.</summary>
    public string Socket => Path.Combine(RunFolder, "monitor.sock");
}
