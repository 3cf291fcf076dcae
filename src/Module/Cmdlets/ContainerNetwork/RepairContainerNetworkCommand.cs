using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Repair-ContainerNetwork: puts bridges and packet filter rules back that somebody has removed.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetwork))]
public sealed class RepairContainerNetworkCommand : NetworkTargetCmdlet
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
        foreach (ContainerNetwork network in Name.SelectMany(name => Find(name, static network => network.Interface.Length > 0)))
        {
            if (!ShouldProcess(network.Name, "Repair network")) continue;
            if (Attempt(network, () => Await((Task)Engine.Networks.RepairAsync(network.Name, Cancellation))) && PassThru) WriteObject(network);
        }
    }
}
