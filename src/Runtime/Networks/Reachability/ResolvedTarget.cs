using System.Net;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>What a name led to.</summary>
internal sealed record ResolvedTarget
{
    /// <summary>Its addresses, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];
    /// <summary>Where they came from.</summary>
    public NameSource Source { get; init; }
    /// <summary>The server that gave them.</summary>
    public IPAddress? Server { get; init; }
    /// <summary>The full name that a server had.</summary>
    public string? FullName { get; init; }
    /// <summary>How long it took; null for an address.</summary>
    public TimeSpan? Elapsed { get; init; }
    /// <summary><see cref="NetworkTestStatus.NameNotFound"/> or <see cref="NetworkTestStatus.LookupFailed"/> where there is no address.</summary>
    public NetworkTestStatus Failure { get; init; }
    /// <summary>Why there is none, in one sentence.</summary>
    public string? Error { get; init; }
}
