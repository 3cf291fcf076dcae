using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Makes a container's OCI configuration (config.json). Pure: the same input gives the same document, so golden files test it.
/// What is not asked for is as Docker does it.
/// </summary>
internal static class SpecBuilder
{
    /// <summary>The annotation that names the container.</summary>
    public const string IdAnnotation = "org.containertools.id";

    /// <summary>The annotation that holds the container's name.</summary>
    public const string NameAnnotation = "org.containertools.name";

    private static readonly string[] s_maskedPaths =
    [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
        "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ];

    private static readonly string[] s_readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>Makes it.</summary>
    public static OciSpec Build(SpecInput input)
    {
        ContainerConfiguration configuration = input.Record.Configuration;
        IReadOnlyList<string> capabilities = Capability.Resolve(
            configuration.AddedCapabilities, configuration.DroppedCapabilities, configuration.Privileged, input.AvailableCapabilities);
        return new OciSpec
        {
            Root = new OciRoot { Path = input.Files.RootFs, Readonly = configuration.ReadOnlyRoot },
            Hostname = configuration.HostName,
            Process = Process(configuration, capabilities),
            Mounts = SpecMounts.Build(input),
            Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                [IdAnnotation] = input.Record.Id,
                [NameAnnotation] = input.Record.Name,
            },
            Linux = Linux(input, capabilities),
        };
    }

    /// <summary>The id map of a container's user namespace; null where it has none.</summary>
    public static IReadOnlyList<OciIdMapping>? IdMap(ContainerConfiguration configuration)
        => configuration.UserNamespace ? [new OciIdMapping(0, configuration.UserNamespaceHostId, configuration.UserNamespaceSize)] : null;

    /// <summary>A container's first process with the given capabilities.</summary>
    public static OciProcess Process(ContainerConfiguration configuration, IReadOnlyList<string> capabilities) => new()
    {
        Terminal = configuration.Terminal,
        User = new OciUser
        {
            Username = configuration.User.Length > 0 ? configuration.User : null,
            AdditionalGroupNames = configuration.AdditionalGroups.Count > 0 ? configuration.AdditionalGroups : null,
        },
        Args = [.. configuration.EntryPoint, .. configuration.Arguments],
        Env = Environment(configuration),
        Cwd = configuration.WorkingDirectory,
        // As Docker: nothing inheritable and nothing ambient, so that a user other than root has no capability after execve.
        Capabilities = new OciCapabilities { Bounding = capabilities, Effective = capabilities, Permitted = capabilities },
        Rlimits = configuration.ProcessLimits.Count > 0
            ? [.. configuration.ProcessLimits.Select(limit => new OciRlimit(limit.Name, limit.Soft, limit.Hard))]
            : null,
        NoNewPrivileges = configuration.NoNewPrivileges,
    };

    private static List<string> Environment(ContainerConfiguration configuration)
    {
        List<string> environment = [.. configuration.Environment];
        AddUnlessSet(environment, "HOSTNAME", configuration.HostName);
        if (configuration.Terminal) AddUnlessSet(environment, "TERM", "xterm");
        return environment;
    }

    private static void AddUnlessSet(List<string> environment, string name, string value)
    {
        if (!environment.Exists(entry => entry.StartsWith(name + "=", StringComparison.Ordinal))) environment.Add($"{name}={value}");
    }

    private static OciLinux Linux(SpecInput input, IReadOnlyList<string> capabilities)
    {
        ContainerConfiguration configuration = input.Record.Configuration;
        IReadOnlyList<OciIdMapping>? map = IdMap(configuration);
        bool filtered = !configuration.Privileged && configuration.SeccompProfile != "unconfined";
        return new OciLinux
        {
            Namespaces = Namespaces(configuration, input.NetworkNamespace),
            UidMappings = map,
            GidMappings = map,
            Devices = configuration.Privileged ? input.HostDevices : null,
            CgroupsPath = ContainerServices.CgroupPath(input.Record.Id),
            Resources = ContainerLimits.ToResources(ContainerLimits.WithSwap(configuration.Limit, configuration.Limit.Memory, input.CanLimitSwap)) with
            {
                Devices = configuration.Privileged ? [new OciDeviceRule { Allow = true, Access = "rwm" }] : input.DeviceRules,
            },
            Seccomp = filtered ? input.Seccomp(capabilities) : null,
            Sysctl = configuration.KernelParameters.Count > 0 ? configuration.KernelParameters : null,
            MaskedPaths = configuration.Privileged ? null : s_maskedPaths,
            ReadonlyPaths = configuration.Privileged ? null : s_readonlyPaths,
        };
    }

    private static List<OciNamespace> Namespaces(ContainerConfiguration configuration, string? networkNamespace)
    {
        List<OciNamespace> namespaces = [new("mount"), new("uts"), new("cgroup")];
        if (configuration.ProcessIdMode != "host") namespaces.Add(new OciNamespace("pid"));
        if (configuration.IpcMode != "host") namespaces.Add(new OciNamespace("ipc"));
        if (configuration.NetworkMode != "host") namespaces.Add(new OciNamespace("network", networkNamespace));
        if (configuration.UserNamespace) namespaces.Add(new OciNamespace("user"));
        return namespaces;
    }
}
