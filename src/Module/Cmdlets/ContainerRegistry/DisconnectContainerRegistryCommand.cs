using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Disconnect-ContainerRegistry: forgets the credentials for registries.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "ContainerRegistry", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerRegistry))]
public sealed class DisconnectContainerRegistryCommand : ContainerCmdlet
{
    /// <summary>The registries' hosts, perhaps with a port.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.RegistryCompleter))]
    public string[] Registry { get; set; } = [];

    /// <summary>Emit what was forgotten.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string registry in Registry)
        {
            if (!ShouldProcess(registry, "Forget credentials")) continue;
            ContainerRegistry? removed = null;
            if (Attempt(registry, () => removed = Await(Engine.Registries.DisconnectAsync(registry, Cancellation))) && PassThru) WriteObject(removed);
        }
    }
}
