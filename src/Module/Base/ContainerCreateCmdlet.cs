using System.Management.Automation;
using ContainerTools.Module.Completion;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module;

/// <summary>A cmdlet that makes a container: the parameters that say what it is to be.</summary>
public abstract class ContainerCreateCmdlet : ContainerCmdlet
{
    /// <summary>When to pull the image from its registry.</summary>
    [Parameter]
    public ImagePullPolicy Pull { get; set; }

    /// <summary>The name; a generated one where omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Replaces the image's entry point; an empty array clears it.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? EntryPoint { get; set; }

    /// <summary>Environment variables: a table, or NAME=value each; NAME alone removes one that the image sets.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [NameValue]
    public string[]? Environment { get; set; }

    /// <summary>Labels: a table, or key=value each.</summary>
    [Parameter]
    [Alias("l")]
    [NameValue]
    public string[]? Label { get; set; }

    /// <summary>The user: name or id, with a group after a colon.</summary>
    [Parameter]
    [Alias("u")]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Additional groups, names or ids.</summary>
    [Parameter]
    [Alias("GroupAdd")]
    public string[]? AdditionalGroup { get; set; }

    /// <summary>The working directory in the container.</summary>
    [Parameter]
    [Alias("Workdir", "w")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The host name in the container.</summary>
    [Parameter]
    [Alias("h")]
    [ValidateNotNullOrEmpty]
    public string? HostName { get; set; }

    /// <summary>Bind mounts and volumes: source:destination[:options].</summary>
    [Parameter]
    [Alias("v")]
    public string[]? Volume { get; set; }

    /// <summary>Mounts: tables, ContainerMount objects, or type=…,source=…,destination=….</summary>
    [Parameter]
    public object[]? Mount { get; set; }

    /// <summary>File systems in memory: destination[:options].</summary>
    [Parameter]
    public string[]? Tmpfs { get; set; }

    /// <summary>Most memory.</summary>
    [Parameter]
    [Alias("m")]
    [Limit(LimitUnit.Bytes)]
    public long? Memory { get; set; }

    /// <summary>Memory left to the container under pressure.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? MemoryReservation { get; set; }

    /// <summary>Most memory and swap together.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? MemorySwap { get; set; }

    /// <summary>Processors' worth of time.</summary>
    [Parameter]
    [Alias("Cpu")]
    [Limit(LimitUnit.Number)]
    public double? Cpus { get; set; }

    /// <summary>The accounting period of Cpus.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? CpuPeriod { get; set; }

    /// <summary>Weight relative to other containers.</summary>
    [Parameter]
    [Limit(LimitUnit.Count)]
    public long? CpuShares { get; set; }

    /// <summary>The processors it may use.</summary>
    [Parameter]
    [Alias("CpuSetCpus")]
    public string? CpuSet { get; set; }

    /// <summary>The memory nodes it may use.</summary>
    [Parameter]
    [Alias("CpuSetMems")]
    public string? CpuSetMemoryNodes { get; set; }

    /// <summary>Most processes and threads.</summary>
    [Parameter]
    [Alias("PidsLimit")]
    [Limit(LimitUnit.Count)]
    public long? Processes { get; set; }

    /// <summary>Weight of block input and output.</summary>
    [Parameter]
    [Alias("BlkioWeight")]
    [Limit(LimitUnit.Count)]
    public long? BlockIOWeight { get; set; }

    /// <summary>Per-process limits: name=soft:hard.</summary>
    [Parameter]
    [Alias("Ulimit")]
    public string[]? ProcessLimit { get; set; }

    /// <summary>Capabilities to add.</summary>
    [Parameter]
    [Alias("CapAdd")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[]? AddCapability { get; set; }

    /// <summary>Capabilities to drop.</summary>
    [Parameter]
    [Alias("CapDrop")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[]? DropCapability { get; set; }

    /// <summary>All capabilities and devices, no system call filter.</summary>
    [Parameter]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Mount the root file system read-only.</summary>
    [Parameter]
    [Alias("ReadOnlyRoot")]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Set-user-id programs gain nothing.</summary>
    [Parameter]
    public SwitchParameter NoNewPrivileges { get; set; }

    /// <summary>A system call filter: the path of a profile, or unconfined.</summary>
    [Parameter]
    public string? SeccompProfile { get; set; }

    /// <summary>A user namespace of its own.</summary>
    [Parameter]
    public SwitchParameter UserNamespace { get; set; }

    /// <summary>The networks: names, or name=…,alias=…,ip=…,ip6=…,priority=…; or none, host, container:name, ns:path.</summary>
    [Parameter]
    [Alias("Net", "NetworkMode")]
    [ArgumentCompleter(typeof(NetworkModeCompleter))]
    public string[]? Network { get; set; }

    /// <summary>Ports of the host that lead to the container: [address:][port:]port[/protocol].</summary>
    [Parameter]
    [Alias("p", "Port")]
    public string[]? Publish { get; set; }

    /// <summary>Name servers instead of the host's.</summary>
    [Parameter]
    [Alias("Dns")]
    public string[]? DnsServer { get; set; }

    /// <summary>Search domains instead of the host's.</summary>
    [Parameter]
    public string[]? DnsSearch { get; set; }

    /// <summary>Options of resolv.conf.</summary>
    [Parameter]
    public string[]? DnsOption { get; set; }

    /// <summary>Lines for /etc/hosts: name:address, or name:host-gateway.</summary>
    [Parameter]
    [Alias("AddHost")]
    public string[]? HostEntry { get; set; }

    /// <summary>The process id namespace: private or host.</summary>
    [Parameter]
    [Alias("Pid")]
    [ArgumentCompleter(typeof(NamespaceModeCompleter))]
    public string? ProcessIdMode { get; set; }

    /// <summary>The IPC namespace: private or host.</summary>
    [Parameter]
    [Alias("Ipc")]
    [ArgumentCompleter(typeof(NamespaceModeCompleter))]
    public string? IpcMode { get; set; }

    /// <summary>Kernel parameters of the container's namespaces.</summary>
    [Parameter]
    [Alias("Sysctl")]
    [NameValue]
    public string[]? KernelParameter { get; set; }

    /// <summary>Size of /dev/shm.</summary>
    [Parameter]
    [Alias("ShmSize")]
    [Limit(LimitUnit.Bytes)]
    public long? SharedMemorySize { get; set; }

    /// <summary>The signal that asks for an orderly end.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string? StopSignal { get; set; }

    /// <summary>How long to wait after the stop signal before SIGKILL.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? StopTimeout { get; set; }

    /// <summary>What was asked for, as the engine takes it. Throws for what cannot be read.</summary>
    internal ContainerCreateOptions ReadOptions(string image, string[]? command) => new()
    {
        Image = image,
        Name = Name,
        EntryPoint = EntryPoint,
        Command = command is { Length: > 0 } ? command : null,
        Environment = Environment ?? [],
        Labels = Pairs(Label),
        User = User,
        AdditionalGroups = AdditionalGroup ?? [],
        WorkingDirectory = WorkingDirectory,
        HostName = HostName,
        Mounts = ReadMounts(),
        Limit = new ContainerLimit
        {
            Memory = LimitAttribute.Check(nameof(Memory), Memory),
            MemoryReservation = LimitAttribute.Check(nameof(MemoryReservation), MemoryReservation),
            MemorySwap = LimitAttribute.Check(nameof(MemorySwap), MemorySwap),
            Cpus = LimitAttribute.Check(nameof(Cpus), Cpus),
            CpuPeriod = CpuPeriod,
            CpuShares = LimitAttribute.Check(nameof(CpuShares), CpuShares, LimitUnit.Count),
            CpuSet = CpuSet,
            CpuSetMemoryNodes = CpuSetMemoryNodes,
            Processes = LimitAttribute.Check(nameof(Processes), Processes, LimitUnit.Count),
            BlockIOWeight = LimitAttribute.CheckWeight(nameof(BlockIOWeight), BlockIOWeight),
        },
        ProcessLimits = [.. (ProcessLimit ?? []).Select(ProcessLimitText.Parse)],
        AddedCapabilities = AddCapability ?? [],
        DroppedCapabilities = DropCapability ?? [],
        Privileged = Privileged,
        ReadOnlyRoot = ReadOnly,
        NoNewPrivileges = NoNewPrivileges,
        SeccompProfile = SeccompProfile is null or "unconfined" ? SeccompProfile : ResolveHostPath(SeccompProfile),
        UserNamespace = UserNamespace,
        Networks = [.. (Network ?? []).Select(NetworkAttachment.Parse)],
        Ports = [.. (Publish ?? []).SelectMany(PortMapping.Parse)],
        DnsServers = DnsServer ?? [],
        DnsSearch = DnsSearch ?? [],
        DnsOptions = DnsOption ?? [],
        HostEntries = HostEntry ?? [],
        ProcessIdMode = ProcessIdMode,
        IpcMode = IpcMode,
        KernelParameters = Pairs(KernelParameter),
        SharedMemorySize = LimitAttribute.Check(nameof(SharedMemorySize), SharedMemorySize),
        StopSignal = StopSignal,
        StopTimeout = StopTimeout,
    };

    /// <summary>Makes the container, with an image that is pulled first where <see cref="Pull"/> says so.</summary>
    private protected Container Create(ContainerCreateOptions options)
    {
        if (Pull == ImagePullPolicy.Always) options = options with { Image = Receive(options.Image) };
        try
        {
            return Await(Engine.Containers.CreateAsync(options, Cancellation));
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageNotFound && Pull == ImagePullPolicy.Missing && !IsImageId(options.Image))
        {
            WriteVerbose($"There is no image '{options.Image}' on this machine; it is pulled from its registry.");
        }

        return Await(Engine.Containers.CreateAsync(options with { Image = Receive(options.Image) }, Cancellation));
    }

    // An id says what is in the image, not where to get it.
    private static bool IsImageId(string image) => image.StartsWith("sha256:", StringComparison.Ordinal);

    /// <returns>The image's whole name, which a short one may have become.</returns>
    private string Receive(string image)
    {
        using ProgressWriter progress = new(this, "Receiving " + image);
        try
        {
            ContainerImage received = Await(Engine.Registries.PullAsync(new ImagePullOptions { Reference = image }, progress, Cancellation));
            WriteVerbose($"Received {received} ({received.ShortId}, {HumanUnits.Size(received.Size)}).");
            return received.Reference ?? received.Id;
        }
        catch (ContainerException error) when (Pull == ImagePullPolicy.Missing && error is not RegistryRateLimitException)
        {
            throw new ContainerException(
                error.Code, $"There is no image '{image}' on this machine, and it cannot be pulled: {error.Message}", image, error);
        }
    }

    private List<ContainerMount> ReadMounts() =>
    [
        .. (Volume ?? []).Select(text => MountText.ParseVolume(text, ResolveHostPath)),
        .. (Mount ?? []).Select(data => MountText.ParseMount(data, ResolveHostPath)),
        .. (Tmpfs ?? []).Select(MountText.ParseTmpfs),
    ];

    /// <summary>A table of what is written as key=value.</summary>
    internal static Dictionary<string, string> Pairs(string[]? pairs)
    {
        Dictionary<string, string> table = new(StringComparer.Ordinal);
        foreach (string pair in pairs ?? [])
        {
            string[] parts = pair.Split('=', 2);
            table[parts[0]] = parts.Length == 2 ? parts[1] : "";
        }

        return table;
    }
}
