namespace ContainerTools;

/// <summary>Credentials to be kept for a registry.</summary>
public sealed record RegistryCredentialOptions
{
    /// <summary>The registry's host, perhaps with a port.</summary>
    public required string Registry { get; init; }
    /// <summary>How to reach it; user name and password are what is to be kept.</summary>
    public required RegistryAccess Access { get; init; }
}
