namespace ContainerTools;

/// <summary>What a new container is to be. Null means: as the image says, or the engine's default.</summary>
public sealed record ContainerCreateOptions
{
    /// <summary>The image: reference, id or unique id prefix.</summary>
    public required string Image { get; init; }
    /// <summary>The name; null for a generated one.</summary>
    public string? Name { get; init; }
    /// <summary>Replaces the image's entry point; an empty list clears it.</summary>
    public IReadOnlyList<string>? EntryPoint { get; init; }
    /// <summary>Replaces the image's command: program and arguments, or arguments of the entry point.</summary>
    public IReadOnlyList<string>? Command { get; init; }
    /// <summary>Added to the image's environment, later ones win; <c>NAME=value</c>, or <c>NAME</c> alone to remove one.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
    /// <summary>Labels added to the image's.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>The user.</summary>
    public string? User { get; init; }
    /// <summary>Additional groups, names or numbers.</summary>
    public IReadOnlyList<string> AdditionalGroups { get; init; } = [];
    /// <summary>The working directory, absolute.</summary>
    public string? WorkingDirectory { get; init; }
    /// <summary>The host name; null for the short id.</summary>
    public string? HostName { get; init; }
    /// <summary>Mounts.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];
    /// <summary>Limits.</summary>
    public ContainerLimit Limit { get; init; } = new();
    /// <summary>Per-process limits.</summary>
    public IReadOnlyList<ProcessLimit> ProcessLimits { get; init; } = [];
    /// <summary>Capabilities to add, with or without <c>CAP_</c>; <c>ALL</c>.</summary>
    public IReadOnlyList<string> AddedCapabilities { get; init; } = [];
    /// <summary>Capabilities to drop, with or without <c>CAP_</c>; <c>ALL</c>.</summary>
    public IReadOnlyList<string> DroppedCapabilities { get; init; } = [];
    /// <summary>All capabilities, all devices, no seccomp profile, nothing masked.</summary>
    public bool Privileged { get; init; }
    /// <summary>Read-only root file system.</summary>
    public bool ReadOnlyRoot { get; init; }
    /// <summary>Set-user-id programs gain nothing.</summary>
    public bool NoNewPrivileges { get; init; }
    /// <summary>Path of a seccomp profile, <c>unconfined</c>, or null for the default.</summary>
    public string? SeccompProfile { get; init; }
    /// <summary>A user namespace of its own.</summary>
    public bool UserNamespace { get; init; }
    /// <summary>The network mode: <c>none</c>, <c>host</c>, <c>container:…</c>, <c>ns:…</c>, or a network; null for the default.</summary>
    public string? NetworkMode { get; init; }
    /// <summary>The networks it is to be in, instead of <see cref="NetworkMode"/>.</summary>
    public IReadOnlyList<NetworkAttachment> Networks { get; init; } = [];
    /// <summary>The ports of the host that lead to it.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];
    /// <summary>Name servers instead of the host's.</summary>
    public IReadOnlyList<string> DnsServers { get; init; } = [];
    /// <summary>Search domains instead of the host's.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    /// <summary>Options of resolv.conf(5).</summary>
    public IReadOnlyList<string> DnsOptions { get; init; } = [];
    /// <summary>Lines for /etc/hosts: <c>name:address</c>, or <c>name:host-gateway</c>.</summary>
    public IReadOnlyList<string> HostEntries { get; init; } = [];
    /// <summary><c>private</c> or <c>host</c>; null for private.</summary>
    public string? ProcessIdMode { get; init; }
    /// <summary><c>private</c> or <c>host</c>; null for private.</summary>
    public string? IpcMode { get; init; }
    /// <summary>Kernel parameters (sysctl).</summary>
    public IReadOnlyDictionary<string, string> KernelParameters { get; init; } = new Dictionary<string, string>();
    /// <summary>Size of /dev/shm in bytes; null for 64 MB.</summary>
    public long? SharedMemorySize { get; init; }
    /// <summary>Give the first process a terminal.</summary>
    public bool Terminal { get; init; }
    /// <summary>Keep standard input open.</summary>
    public bool Interactive { get; init; }
    /// <summary>The signal that asks for an orderly end.</summary>
    public string? StopSignal { get; init; }
    /// <summary>How long to wait after the stop signal.</summary>
    public TimeSpan? StopTimeout { get; init; }
    /// <summary>When to start it again.</summary>
    public RestartPolicy RestartPolicy { get; init; } = RestartPolicy.None;
    /// <summary>Remove it when its first process ends.</summary>
    public bool AutoRemove { get; init; }
    /// <summary>Largest log file in bytes; null or 0 for no rotation.</summary>
    public long? LogMaxSize { get; init; }
    /// <summary>How many log files are kept; null for 1.</summary>
    public int? LogMaxFiles { get; init; }
}
