using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>A cmdlet that talks to registries: how they are reached.</summary>
public abstract class RegistryCmdlet : ContainerCmdlet
{
    /// <summary>Speak plain HTTP with a registry that does not speak TLS.</summary>
    [Parameter]
    public SwitchParameter AllowUnencrypted { get; set; }

    /// <summary>A folder with the registry's certificates, instead of the one in certs.d.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CertificateFolder { get; set; }

    /// <summary>The access that the parameters describe.</summary>
    /// <param name="credential">The user and the password; null to take what is kept.</param>
    private protected RegistryAccess Access(PSCredential? credential)
        => MakeAccess(this, credential, AllowUnencrypted, CertificateFolder);

    /// <summary>The access that parameters describe.</summary>
    internal static RegistryAccess MakeAccess(ContainerCmdlet cmdlet, PSCredential? credential, bool allowUnencrypted, string? certificateFolder) => new()
    {
        AllowUnencrypted = allowUnencrypted,
        CertificateFolder = certificateFolder is null ? null : cmdlet.ResolveHostPath(certificateFolder),
        UserName = credential is null || credential == PSCredential.Empty ? null : credential.UserName,
        Password = credential is null || credential == PSCredential.Empty ? null : credential.GetNetworkCredential().Password,
    };
}
