using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerNetwork: removes networks that no container is in.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerNetwork))]
public sealed class RemoveContainerNetworkCommand : NetworkChangeCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (ContainerNetwork network in Networks(static network => !network.Predefined))
        {
            if (!ShouldProcess(network.Name, "Remove network")) continue;
            if (Attempt(network, () => Await(Engine.Networks.RemoveAsync(network.Name, Cancellation))) && PassThru) WriteObject(network);
        }
    }
}
