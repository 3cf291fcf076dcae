using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerNetwork: removes networks that no container is in.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetwork))]
public sealed class RemoveContainerNetworkCommand : NetworkTargetCmdlet
{
    /// <summary>Names or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Emit the networks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ContainerNetwork network in Name.SelectMany(name => Find(name, static network => !network.Predefined)))
        {
            if (!ShouldProcess(network.Name, "Remove network")) continue;
            if (Attempt(network, () => Await(Engine.Networks.RemoveAsync(network.Name, Cancellation))) && PassThru) WriteObject(network);
        }
    }
}
