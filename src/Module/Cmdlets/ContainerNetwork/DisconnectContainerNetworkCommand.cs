using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Disconnect-ContainerNetwork: takes containers out of a network, also while they run.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "ContainerNetwork", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class DisconnectContainerNetworkCommand : NetworkConnectionCmdlet
{
    private protected override string Action => $"Disconnect from network {Network}";

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Networks.DisconnectAsync(container.Id, Network, cancellationToken);
}
