using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// The cgroup of one container, in all hierarchies that this machine has: v2, v1, or both. Nothing outside this folder
/// knows which. Errors are <see cref="KernelException"/>s that name the file and, for a value the kernel refuses, the value.
/// </summary>
internal interface ICgroup
{
    /// <summary>The path below each hierarchy's root, <c>/containertools/4f…</c>.</summary>
    string Path { get; }

    /// <summary>The hierarchies as the container is to see them below /sys/fs/cgroup.</summary>
    IReadOnlyList<CgroupView> Views { get; }

    /// <summary>Whether it is there (in the hierarchy that is looked at first).</summary>
    bool Exists { get; }

    /// <summary>The number of its folder (in the hierarchy that is looked at first), which no other one ever has while the machine runs; null when it is not there.</summary>
    ulong? Identity { get; }

    /// <summary>Makes it in every hierarchy; parents are made, and controllers delegated, as needed. What exists already is used.</summary>
    void Create();

    /// <summary>Sets what is not null. <see cref="ErrorCode.LimitInvalid"/> and <see cref="ErrorCode.LimitBelowUsage"/> where the kernel says so.</summary>
    void Apply(OciResources resources);

    /// <summary>Opens what a process needs to be born in it, or to move itself into it. All descriptors are close-on-exec.</summary>
    CgroupEntry OpenEntry();

    /// <summary>Moves a process, with all its threads.</summary>
    void Attach(int processId);

    /// <summary>Freezes all processes and returns when the kernel says that they are frozen.</summary>
    void Freeze();

    /// <summary>Lets them go on.</summary>
    void Thaw();

    /// <summary>Whether it is frozen.</summary>
    bool IsFrozen { get; }

    /// <summary>All processes, those of child cgroups included, as the host numbers them.</summary>
    IReadOnlyList<int> Processes();

    /// <summary>Kills every process in it (cgroup.kill where there is one), frozen ones too, and returns when none is left.</summary>
    void Kill();

    /// <summary>Removes it and the child cgroups that the container made; it must hold no process. No error when it is gone already.</summary>
    void Delete();

    /// <summary>The limits in force, as the kernel reports them.</summary>
    ContainerLimit ReadLimit();

    /// <summary>Bytes of memory in use (memory.current, memory.usage_in_bytes); null without a memory controller.</summary>
    long? MemoryUsage { get; }

    /// <summary>How many processes the out-of-memory killer has killed in it; 0 without a memory controller.</summary>
    long OomKillCount { get; }
}
