namespace ContainerTools;

/// <summary>What a container was made with, image defaults already applied.</summary>
public sealed record ContainerConfiguration
{
    /// <summary>The program and its first arguments, or empty.</summary>
    public IReadOnlyList<string> EntryPoint { get; init; } = [];
    /// <summary>The arguments after the entry point (or the whole command where there is no entry point).</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
    /// <summary>The environment, <c>NAME=value</c> each, in order.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
    /// <summary>The user as asked for: <c>name</c>, <c>uid</c>, <c>name:group</c>, <c>uid:gid</c>; empty means root.</summary>
    public string User { get; init; } = "";
    /// <summary>Additional groups, names or numbers.</summary>
    public IReadOnlyList<string> AdditionalGroups { get; init; } = [];
    /// <summary>The working directory inside the container, absolute.</summary>
    public string WorkingDirectory { get; init; } = "/";
    /// <summary>The host name inside the container.</summary>
    public string HostName { get; init; } = "";
    /// <summary>Bind mounts, volumes and tmpfs, in the order they are mounted.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];
    /// <summary>The limits it starts with.</summary>
    public ContainerLimit Limit { get; init; } = new();
    /// <summary>Per-process limits (setrlimit).</summary>
    public IReadOnlyList<ProcessLimit> ProcessLimits { get; init; } = [];
    /// <summary>Capabilities added to the default set, <c>CAP_…</c> names or <c>ALL</c>.</summary>
    public IReadOnlyList<string> AddedCapabilities { get; init; } = [];
    /// <summary>Capabilities dropped from the default set, <c>CAP_…</c> names or <c>ALL</c>.</summary>
    public IReadOnlyList<string> DroppedCapabilities { get; init; } = [];
    /// <summary>All capabilities, all devices, no seccomp profile, nothing masked.</summary>
    public bool Privileged { get; init; }
    /// <summary>The root file system is mounted read-only.</summary>
    public bool ReadOnlyRoot { get; init; }
    /// <summary>Set-user-id programs gain nothing (PR_SET_NO_NEW_PRIVS).</summary>
    public bool NoNewPrivileges { get; init; }
    /// <summary>The path of a seccomp profile in Docker's JSON form, <c>unconfined</c>, or null for the default profile.</summary>
    public string? SeccompProfile { get; init; }
    /// <summary>The container has a user namespace of its own.</summary>
    public bool UserNamespace { get; init; }
    /// <summary>First host id of the user namespace's map; meaningful with <see cref="UserNamespace"/>.</summary>
    public uint UserNamespaceHostId { get; init; }
    /// <summary>Number of ids in the user namespace's map; meaningful with <see cref="UserNamespace"/>.</summary>
    public uint UserNamespaceSize { get; init; }
    /// <summary>The network mode: <c>none</c>, <c>host</c>, <c>container:…</c>, <c>ns:…</c>, or the name of the first network.</summary>
    public string NetworkMode { get; init; } = "none";
    /// <summary>The networks it is in; empty with the modes none, host, container and ns.</summary>
    public IReadOnlyList<NetworkAttachment> Networks { get; init; } = [];
    /// <summary>The ports of the host that lead to it.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];
    /// <summary>Name servers instead of the host's.</summary>
    public IReadOnlyList<string> DnsServers { get; init; } = [];
    /// <summary>Search domains instead of the host's.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    /// <summary>Options of resolv.conf(5).</summary>
    public IReadOnlyList<string> DnsOptions { get; init; } = [];
    /// <summary>Lines for /etc/hosts: <c>name:address</c>; the address <c>host-gateway</c> is the host's in the container's network.</summary>
    public IReadOnlyList<string> HostEntries { get; init; } = [];
    /// <summary>The process id namespace: <c>private</c> or <c>host</c>.</summary>
    public string ProcessIdMode { get; init; } = "private";
    /// <summary>The IPC namespace: <c>private</c> or <c>host</c>.</summary>
    public string IpcMode { get; init; } = "private";
    /// <summary>Kernel parameters of the container's namespaces (sysctl name to value).</summary>
    public IReadOnlyDictionary<string, string> KernelParameters { get; init; } = new Dictionary<string, string>();
    /// <summary>Size of /dev/shm in bytes.</summary>
    public long SharedMemorySize { get; init; } = 64L << 20;
    /// <summary>The first process has a terminal.</summary>
    public bool Terminal { get; init; }
    /// <summary>Standard input is kept open for attaching.</summary>
    public bool Interactive { get; init; }
    /// <summary>A small init process reaps zombies and forwards signals.</summary>
    public bool Init { get; init; }
    /// <summary>The signal that asks the first process to end, <c>SIGTERM</c> unless the image says otherwise.</summary>
    public string StopSignal { get; init; } = "SIGTERM";
    /// <summary>How long to wait after <see cref="StopSignal"/> before SIGKILL.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>What to do when the first process ends.</summary>
    public RestartPolicy RestartPolicy { get; init; } = RestartPolicy.None;
    /// <summary>Remove the container when its first process ends.</summary>
    public bool AutoRemove { get; init; }
    /// <summary>Largest size of one log file in bytes before it is rotated; 0 for no rotation.</summary>
    public long LogMaxSize { get; init; }
    /// <summary>How many rotated log files are kept, the current one included; at least 1.</summary>
    public int LogMaxFiles { get; init; } = 1;

    /// <summary>What the container runs.</summary>
    public override string ToString() => string.Join(' ', [.. EntryPoint, .. Arguments]);
}
