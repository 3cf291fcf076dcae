using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Wait-Container: waits until containers do not run, and emits each as it was when it ended, the first to end first.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Container", DefaultParameterSetName = NameSet)]
[OutputType(typeof(Container))]
public sealed class WaitContainerCommand : ContainerTargetCmdlet
{
    private readonly Dictionary<string, Task<Container>> _waits = [];

    /// <summary>The longest to wait: seconds, a TimeSpan, or text such as 1m30s. Without it there is no end to the waiting.</summary>
    [Parameter]
    [Alias("TimeoutSec")]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        Task<Container> wait = WaitAsync(container);
        _waits.Add(container.Id, wait);
        wait.ContinueWith(
            done => Pump.Post(() => End(container, done)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Pump.RunPosted();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (_waits.Count > 0) Pump.RunNext();
    }

    private async Task<Container> WaitAsync(Container container)
    {
        if (Timeout is null) return await Engine.Containers.WaitAsync(container.Id, Cancellation);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(Timeout.Value);
        try
        {
            return await Engine.Containers.WaitAsync(container.Id, limit.Token);
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            throw new ContainerException(
                ErrorCode.Timeout, $"{container.Name} still ran after {HumanUnits.Duration(Timeout)}; wait longer, or stop it.", container.Name);
        }
    }

    private void End(Container container, Task<Container> wait)
    {
        _waits.Remove(container.Id);
        Container? ended = null;
        if (!Attempt(container, () => ended = Await(wait))) return;
        WriteVerbose($"{ended!.Name}: ended with exit code {ended.ExitCode}.");
        WriteObject(ended);
    }
}
