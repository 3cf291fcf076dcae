using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Hosts.Trials;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Hosts;

/// <summary>What the probes look at, and the words that they answer with.</summary>
internal sealed record HostContext
{
    /// <summary>The kernel's files.</summary>
    public required HostFiles Files { get; init; }
    /// <summary>The engine's folders.</summary>
    public required EnginePaths Paths { get; init; }
    /// <summary>The cgroup hierarchies.</summary>
    public required CgroupHost Cgroups { get; init; }
    /// <summary>What <c>ctrun probe</c> found out: errno by <see cref="TrialName"/>. Empty where it could not run.</summary>
    public required IReadOnlyDictionary<string, int> Trials { get; init; }
    /// <summary>Why <see cref="Trials"/> is empty; null where it is not.</summary>
    public string? NotTried { get; init; }
    /// <summary>Whether the kernel has a system call.</summary>
    public required Func<SystemCall, bool> HasSystemCall { get; init; }
    /// <summary>The path of a program, or null.</summary>
    public required Func<string, string?> FindProgram { get; init; }
    /// <summary>Whether the current user is root.</summary>
    public required bool IsRoot { get; init; }

    /// <summary>It is there.</summary>
    public static HostCapability Available(string category, string name, string reason, bool required = false)
        => new() { Category = category, Name = name, Status = HostCapabilityStatus.Available, Reason = reason, Required = required };

    /// <summary>It is there in part.</summary>
    public static HostCapability Limited(string category, string name, string reason, string? remedy, bool required = false)
        => new() { Category = category, Name = name, Status = HostCapabilityStatus.Limited, Reason = reason, Remedy = remedy, Required = required };

    /// <summary>It is not there.</summary>
    public static HostCapability Missing(string category, string name, string reason, string remedy, bool required = false)
        => new() { Category = category, Name = name, Status = HostCapabilityStatus.Missing, Reason = reason, Remedy = remedy, Required = required };

    /// <summary>Judges by a trial.</summary>
    /// <param name="trial">Its name.</param>
    /// <param name="category">The capability's category.</param>
    /// <param name="name">The capability's name.</param>
    /// <param name="tried">What was done, for example <c>a bridge was made</c>.</param>
    /// <param name="remedy">What to do where it failed.</param>
    /// <param name="otherwise">The judgement without a trial.</param>
    /// <param name="required">Whether the engine cannot work without it.</param>
    public HostCapability ByTrial(
        string trial, string category, string name, string tried, string remedy, Func<HostCapability> otherwise, bool required = false)
    {
        if (!Trials.TryGetValue(trial, out int errno)) return otherwise();
        return errno == 0
            ? Available(category, name, $"Tried: {tried}.", required)
            : Missing(category, name, $"Tried, and the kernel said {Errno.Name(errno)} ({Errno.Meaning(errno)}).", remedy, required);
    }

    /// <summary>The reason of something that could not be tried.</summary>
    public string Untried(string found) => $"{found}; not tried, because {NotTried ?? "this is tried by ctrun only"}.";
}
