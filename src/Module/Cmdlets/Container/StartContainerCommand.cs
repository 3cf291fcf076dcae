using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Start-Container: starts containers, in the order given.</summary>
[Cmdlet(VerbsLifecycle.Start, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class StartContainerCommand : PassThruCmdlet
{
    // As WriteVerbose decides whether anybody reads what it writes.
    private bool IsVerbose => MyInvocation.BoundParameters.TryGetValue("Verbose", out object? given)
        ? LanguagePrimitives.IsTrue(given)
        : GetVariableValue("VerbosePreference", ActionPreference.SilentlyContinue) is not ActionPreference.SilentlyContinue;

    private protected override string Action => "Start container";

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Containers.StartAsync(container.Id, cancellationToken);

    private protected override void Changed(Container before, Container after)
    {
        WriteVerbose($"{after.Name}: process {after.ProcessId} runs under monitor {after.MonitorProcessId}.");
        base.Changed(before, after);
    }

    private protected override void NotChanged(Container container)
    {
        if (!IsVerbose) return;
        Attempt(container, () =>
        {
            string steps = Await(Engine.Containers.DescribeStartAsync(container.Id, Cancellation));
            foreach (string step in steps.Split('\n', StringSplitOptions.RemoveEmptyEntries)) WriteVerbose(step);
        });
    }
}
