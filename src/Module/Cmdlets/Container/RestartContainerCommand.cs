using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Restart-Container: stops containers that run, and starts them; several at once.</summary>
[Cmdlet(VerbsLifecycle.Restart, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class RestartContainerCommand : StopCmdlet
{
    private protected override string Action => "Restart container";

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Containers.RestartAsync(container.Id, Options, cancellationToken);

    private protected override void Changed(Container before, Container after)
    {
        WriteVerbose($"{after.Name}: process {after.ProcessId} runs under monitor {after.MonitorProcessId}.");
        base.Changed(before, after);
    }
}
