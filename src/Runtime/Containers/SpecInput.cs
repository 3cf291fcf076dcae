using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>All that a container's OCI configuration is made from: its record, and what the machine and the engine add.</summary>
internal sealed record SpecInput
{
    /// <summary>What was asked for.</summary>
    public required ContainerRecord Record { get; init; }
    /// <summary>The container's files.</summary>
    public required ContainerFiles Files { get; init; }
    /// <summary>The mount of the root, or null where <c>rootfs</c> is a plain folder.</summary>
    public OciMount? RootMount { get; init; }
    /// <summary>The capabilities that can be had (see <see cref="Capability.Resolve"/>).</summary>
    public required ulong AvailableCapabilities { get; init; }
    /// <summary>The system call filter for a set of capabilities; not asked where there is none.</summary>
    public required Func<IReadOnlyList<string>, OciSeccomp?> Seccomp { get; init; }
    /// <summary>The rules of the devices that a container without privileges may use.</summary>
    public IReadOnlyList<OciDeviceRule> DeviceRules { get; init; } = [];
    /// <summary>The host's devices, for a privileged container.</summary>
    public IReadOnlyList<OciDevice> HostDevices { get; init; } = [];
    /// <summary>Whether the host has a /dev/shm, for a container that shares the host's IPC namespace.</summary>
    public bool HostHasSharedMemory { get; init; }
    /// <summary>Whether the kernel can limit swap.</summary>
    public bool CanLimitSwap { get; init; }
    /// <summary>The network namespace that it joins; null for one of its own.</summary>
    public string? NetworkNamespace { get; init; }
    /// <summary>The folder of a volume's data.</summary>
    public required Func<string, string> VolumeData { get; init; }
    /// <summary>A volume's driver options; empty for a volume that is a folder of the engine.</summary>
    public Func<string, IReadOnlyDictionary<string, string>> VolumeOptions { get; init; } = static _ => new Dictionary<string, string>();
}
