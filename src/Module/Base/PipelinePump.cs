namespace ContainerTools.Module;

/// <summary>
/// Brings work back to the pipeline thread. PowerShell lets only the thread that runs a cmdlet write to its streams, while the
/// engine's tasks finish, and report progress, on others. They post actions here; the pipeline thread runs them while it waits.
/// </summary>
internal sealed class PipelinePump : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _actions = new();
    private readonly ManualResetEventSlim _signal = new();

    /// <summary>Has an action run on the pipeline thread, in the order of posting. May be called from any thread.</summary>
    public void Post(Action action)
    {
        lock (_gate) _actions.Enqueue(action);
        Wake();
    }

    /// <summary>Waits for the task, running posted actions meanwhile, and returns when both are done. Rethrows the task's exception.</summary>
    public void Wait(Task task)
    {
        if (!task.IsCompleted)
        {
            // Runs on the completing thread, and only sets an event.
            task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Wake);
            while (!task.IsCompleted) RunOrWait();
        }

        RunPosted();
        task.GetAwaiter().GetResult();
    }

    /// <summary>Runs what has been posted; waits for one action if there is none yet.</summary>
    public void RunNext()
    {
        while (!RunPosted()) WaitForSignal();
    }

    /// <summary>Runs what has been posted, without waiting. Returns whether there was anything.</summary>
    public bool RunPosted()
    {
        bool any = false;
        while (true)
        {
            Action? action;
            lock (_gate)
            {
                if (!_actions.TryDequeue(out action)) return any;
            }

            any = true;
            action();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _signal.Dispose();

    private void RunOrWait()
    {
        if (!RunPosted()) WaitForSignal();
    }

    private void WaitForSignal()
    {
        // Reset only after waking: whatever is posted between the last look and the wait has set the event already.
        _signal.Wait();
        _signal.Reset();
    }

    private void Wake()
    {
        try
        {
            _signal.Set();
        }
        catch (ObjectDisposedException)
        {
            // The cmdlet has ended (the user stopped it); there is no one left to wake.
        }
    }
}
