namespace ContainerTools;

/// <summary>Where the addresses of a name came from.</summary>
public enum NameSource
{
    /// <summary>From nowhere: none was found.</summary>
    None,
    /// <summary>It was an address already.</summary>
    Address,
    /// <summary>The container's /etc/hosts.</summary>
    HostsFile,
    /// <summary>A name server of the container's /etc/resolv.conf.</summary>
    NameServer,
}
