using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Stop-Container: asks containers to end, and kills those that have not after a time; several at once.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class StopContainerCommand : StopCmdlet
{
    private protected override string Action => "Stop container";

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Containers.StopAsync(container.Id, Options, cancellationToken);

    private protected override void Changed(Container before, Container after)
    {
        if (before.State is ContainerState.Running or ContainerState.Paused or ContainerState.Restarting)
        {
            WriteVerbose($"{after.Name}: ended with exit code {after.ExitCode}.");
        }

        base.Changed(before, after);
    }
}
