namespace ContainerTools;

/// <summary>How a registry is reached, beyond what the configuration files say.</summary>
public sealed record RegistryAccess
{
    /// <summary>As the configuration files say.</summary>
    public static RegistryAccess Default { get; } = new();
    /// <summary>Speak plain HTTP with a registry that does not speak TLS.</summary>
    public bool AllowUnencrypted { get; init; }
    /// <summary>A folder with <c>*.crt</c> (authorities), <c>*.cert</c> and <c>*.key</c> (client), instead of those in certs.d; or null.</summary>
    public string? CertificateFolder { get; init; }
    /// <summary>The user's name; null to take what Podman's and Docker's files say.</summary>
    public string? UserName { get; init; }
    /// <summary>The password that goes with <see cref="UserName"/>.</summary>
    public string? Password { get; init; }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{nameof(RegistryAccess)} {{ AllowUnencrypted = {AllowUnencrypted}, UserName = {UserName} }}";
}
