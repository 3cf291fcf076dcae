using System.Net;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>One line that <c>ctrun network-probe</c> writes: what came of one address and port in one round.</summary>
internal sealed record ReachabilityResult
{
    /// <summary>The port; null for an echo.</summary>
    public int? Port { get; init; }
    /// <summary>The round, from 1.</summary>
    public int Round { get; init; } = 1;
    /// <summary>What came of it.</summary>
    public required NetworkTestStatus Status { get; init; }
    /// <summary>What the target's name led to.</summary>
    public required ResolvedTarget Name { get; init; }
    /// <summary>The address that was tried; null where there was none.</summary>
    public IPAddress? Address { get; init; }
    /// <summary>The way there.</summary>
    public Linux.NetworkRoute? Route { get; init; }
    /// <summary>How long the answer took.</summary>
    public TimeSpan? Elapsed { get; init; }
    /// <summary>Why there was none, in one sentence.</summary>
    public string? Error { get; init; }
}
