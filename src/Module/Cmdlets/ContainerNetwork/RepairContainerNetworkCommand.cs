using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Repair-ContainerNetwork: puts bridges and packet filter rules back that somebody has removed.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetwork))]
public sealed class RepairContainerNetworkCommand : NetworkChangeCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ContainerNetwork network in Networks(static network => network.Interface.Length > 0))
        {
            if (!ShouldProcess(network.Name, "Repair network")) continue;
            ContainerNetwork? repaired = null;
            if (!Attempt(network, () => repaired = Await(Engine.Networks.RepairAsync(network.Name, Cancellation)))) continue;
            foreach (string warning in repaired!.Warnings) WriteWarning(warning);
            if (PassThru) WriteObject(repaired);
        }
    }
}
