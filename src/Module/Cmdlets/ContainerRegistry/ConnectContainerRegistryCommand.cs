using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Connect-ContainerRegistry: checks credentials with a registry and keeps them.</summary>
[Cmdlet(VerbsCommunications.Connect, "ContainerRegistry", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ContainerRegistry))]
public sealed class ConnectContainerRegistryCommand : RegistryCmdlet
{
    /// <summary>The registry's host, perhaps with a port.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.RegistryCompleter))]
    public string Registry { get; set; } = "";

    /// <summary>The user and the password, or the access token as the password.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    /// <summary>Emit the registry.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"{Registry} as {Credential.UserName}", "Connect")) return;
        ContainerRegistry? connected = null;
        Attempt(Registry, () => connected = Await(Engine.Registries.ConnectAsync(
            new RegistryCredentialOptions { Registry = Registry, Access = Access(Credential) }, Cancellation)));
        if (connected is null) return;
        WriteVerbose($"The credentials for {connected.Registry} are in {connected.Source}.");
        if (PassThru) WriteObject(connected);
    }
}
