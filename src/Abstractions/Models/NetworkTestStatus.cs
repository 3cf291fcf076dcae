namespace ContainerTools;

/// <summary>What came of a test of a network.</summary>
public enum NetworkTestStatus
{
    /// <summary>The target answered.</summary>
    Reached,
    /// <summary>The container finds no address for the name.</summary>
    NameNotFound,
    /// <summary>None of the container's name servers gave an answer.</summary>
    LookupFailed,
    /// <summary>The target is there and refuses: nobody listens at the port, or a packet filter says no.</summary>
    Refused,
    /// <summary>Nothing came back in the time allowed.</summary>
    TimedOut,
    /// <summary>No route leads there, or nobody on the network has the address.</summary>
    Unreachable,
    /// <summary>Of a datagram: neither an answer nor a refusal came back, which services that have nothing to say do as well.</summary>
    NoAnswer,
    /// <summary>The kernel refused to send.</summary>
    Failed,
}
