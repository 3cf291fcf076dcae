using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Send-ContainerSignal: sends a signal to the first process of running containers.</summary>
[Cmdlet(VerbsCommunications.Send, "ContainerSignal", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class SendContainerSignalCommand : PassThruCmdlet
{
    /// <summary>The signal: a name, with or without SIG, or a number.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string Signal { get; set; } = "";

    private protected override string Action => $"Send signal {Signal}";

    private protected override async Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
    {
        await Engine.Containers.SendSignalAsync(container.Id, Signal, cancellationToken);
        return PassThru ? await Engine.Containers.GetAsync(container.Id, cancellationToken) : container;
    }
}
