using System.Net;

namespace ContainerTools;

/// <summary>Whether a container reached one address and port, and how long it took.</summary>
public sealed record NetworkTestResult
{
    /// <summary>The container that the test was made from (name).</summary>
    public required string Container { get; init; }
    /// <summary>The container's id.</summary>
    public required string ContainerId { get; init; }
    /// <summary>The name or address that was asked for.</summary>
    public required string Target { get; init; }
    /// <summary>The port; null for an echo.</summary>
    public int? Port { get; init; }
    /// <summary>What was sent.</summary>
    public required NetworkTestProtocol Protocol { get; init; }
    /// <summary>Which of the rounds this was, from 1.</summary>
    public int Round { get; init; } = 1;
    /// <summary>What came of it.</summary>
    public required NetworkTestStatus Status { get; init; }
    /// <summary>Whether the target answered.</summary>
    public bool Reached => Status == NetworkTestStatus.Reached;
    /// <summary>Whether the container finds addresses for the target.</summary>
    public bool Resolved => NameSource != NameSource.None;
    /// <summary>All addresses of the target, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];
    /// <summary>Where they came from.</summary>
    public NameSource NameSource { get; init; }
    /// <summary>The name server that gave them; null for those that came from elsewhere.</summary>
    public IPAddress? NameServer { get; init; }
    /// <summary>The full name that was found, with the search domain that led to it; null where no server was asked.</summary>
    public string? ResolvedName { get; init; }
    /// <summary>How long the look-up took; null for an address, which needs none.</summary>
    public TimeSpan? ResolveTime { get; init; }
    /// <summary>The address that was tried; null where there is none.</summary>
    public IPAddress? RemoteAddress { get; init; }
    /// <summary>The container's own address on the way there; null without a route.</summary>
    public IPAddress? SourceAddress { get; init; }
    /// <summary>The container's device on the way there; null without a route.</summary>
    public string? Interface { get; init; }
    /// <summary>The router on the way there; null for one that needs none.</summary>
    public IPAddress? Gateway { get; init; }
    /// <summary>The network that the way begins in; null for loopback, and without a route.</summary>
    public string? Network { get; init; }
    /// <summary>How long the connection took, or the answer; null where the target was not reached.</summary>
    public TimeSpan? ConnectTime { get; init; }
    /// <summary>Why the target was not reached, in one sentence; null where it was.</summary>
    public string? Error { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Container} {Target}{(Port is { } port ? $":{port}" : "")} {Status}";
}
