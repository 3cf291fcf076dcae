namespace ContainerTools.Module;

/// <summary>
/// The third rung: a cmdlet that changes containers, each after ShouldProcess, one after another or several at a time.
/// </summary>
public abstract class ContainerChangeCmdlet : ContainerTargetCmdlet
{
    private readonly List<Task> _underWay = [];

    /// <summary>How many containers are worked on at the same time; 1 keeps the order in which they were given.</summary>
    private protected virtual int Concurrency => 1;

    /// <summary>What is done, as ShouldProcess shows it.</summary>
    private protected abstract string Action { get; }

    /// <summary>Does it.</summary>
    private protected abstract Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken);

    /// <summary>Called on the pipeline thread when it has been done.</summary>
    private protected virtual void Changed(Container before, Container after)
    {
    }

    /// <summary>Called instead where it is not to be done: because of -WhatIf, or because the user said no.</summary>
    private protected virtual void NotChanged(Container container)
    {
    }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        if (!ShouldProcess(container.Name, Action))
        {
            NotChanged(container);
            return;
        }

        if (Concurrency == 1)
        {
            Container? after = null;
            if (Attempt(container, () => after = Await(ChangeAsync(container, Cancellation)))) Done(container, after!);
            return;
        }

        while (_underWay.Count >= Concurrency) Pump.RunNext();
        Begin(container);
        Pump.RunPosted();
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (_underWay.Count > 0) Pump.RunNext();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _underWay.Count > 0)
        {
            // The pipeline ends early (stopped, or an error made it): let nothing go on behind the user's back.
            StopProcessing();
            Task.WhenAll(_underWay).ContinueWith(static _ => { }, TaskScheduler.Default).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private void Begin(Container container)
    {
        CancellationToken cancellation = Cancellation;
        Task<Container> task = Task.Run(() => ChangeAsync(container, cancellation), cancellation);
        _underWay.Add(task);
        task.ContinueWith(
            done => Pump.Post(() => End(container, done)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void End(Container container, Task<Container> task)
    {
        _underWay.Remove(task);
        Container? after = null;
        if (Attempt(container, () => after = Await(task))) Done(container, after!);
    }

    private void Done(Container before, Container after)
    {
        foreach (string warning in after.Warnings) WriteWarning(warning);
        Changed(before, after);
    }
}
