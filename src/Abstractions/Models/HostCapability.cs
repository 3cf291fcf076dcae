namespace ContainerTools;

/// <summary>How well this machine provides something.</summary>
public enum HostCapabilityStatus
{
    /// <summary>It is there.</summary>
    Available,
    /// <summary>It is there in part; <see cref="HostCapability.Reason"/> says what is missing.</summary>
    Limited,
    /// <summary>It is not there.</summary>
    Missing,
}

/// <summary>One thing a container engine needs or likes, and whether this kernel and machine have it.</summary>
public sealed record HostCapability
{
    /// <summary>What kind of thing: Kernel, Namespace, Cgroup, Storage, Security, Network, Tool.</summary>
    public required string Category { get; init; }
    /// <summary>Its name, for example <c>user namespace</c>.</summary>
    public required string Name { get; init; }
    /// <summary>Whether it is there.</summary>
    public required HostCapabilityStatus Status { get; init; }
    /// <summary>Whether the engine cannot work without it.</summary>
    public bool Required { get; init; }
    /// <summary>What was found, and why it is judged so.</summary>
    public required string Reason { get; init; }
    /// <summary>What to do about it, or null if nothing needs doing.</summary>
    public string? Remedy { get; init; }
}
