using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// The first rung of the ladder: access to the engine, waiting for its tasks on the pipeline thread, cancellation, and errors
/// that concern one item only.
/// </summary>
public abstract class ContainerCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly PipelinePump _pump = new();
    private bool _disposed;

    /// <summary>The engine.</summary>
    internal static IContainerEngine Engine => EngineSource.Current;

    /// <summary>Cancelled when the user stops the pipeline, and when the cmdlet has ended.</summary>
    internal CancellationToken Cancellation => _cancellation.Token;

    /// <summary>The way back to the pipeline thread.</summary>
    internal PipelinePump Pump => _pump;

    /// <inheritdoc/>
    protected override void StopProcessing() => _cancellation.Cancel();

    /// <summary>Called by PowerShell when the pipeline has ended, however it did.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Cancels whatever is still under way.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (_disposed || !disposing) return;
        _disposed = true;
        _cancellation.Cancel();
        _cancellation.Dispose();
        _pump.Dispose();
    }

    /// <summary>Waits for a task of the engine on the pipeline thread.</summary>
    internal T Await<T>(Task<T> task)
    {
        Await((Task)task);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Waits for a task of the engine on the pipeline thread.</summary>
    internal void Await(Task task)
    {
        try
        {
            _pump.Wait(task);
        }
        catch (OperationCanceledException) when (Stopping)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Reads a sequence of the engine on the pipeline thread, one object at a time, as it comes.</summary>
    internal IEnumerable<T> Enumerate<T>(IAsyncEnumerable<T> source)
    {
        IAsyncEnumerator<T> enumerator = source.GetAsyncEnumerator(Cancellation);
        try
        {
            while (true)
            {
                ValueTask<bool> next = enumerator.MoveNextAsync();
                if (!(next.IsCompletedSuccessfully ? next.Result : Await(next.AsTask()))) yield break;
                yield return enumerator.Current;
            }
        }
        finally
        {
            ValueTask end = enumerator.DisposeAsync();
            if (!end.IsCompletedSuccessfully) Await(end.AsTask());
        }
    }

    /// <summary>
    /// Does something for one item, and turns a failure into a non-terminating error about that item. Returns whether it went well.
    /// </summary>
    internal bool Attempt(object? target, Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception error) when (IsForUser(error))
        {
            WriteFailure(error, target);
            return false;
        }
    }

    /// <summary>Writes a non-terminating error about an item.</summary>
    internal void WriteFailure(Exception error, object? target) => WriteError(ErrorMapper.ToRecord(error, target));

    /// <summary>Ends the cmdlet with an error about its arguments.</summary>
    internal void ThrowInvalidArgument(string message, object? target)
        => ThrowTerminatingError(ErrorMapper.ToRecord(new ContainerException(ErrorCode.InvalidArgument, message, target?.ToString()), target));

    /// <summary>
    /// Whether an exception is a failure to be told about, rather than PowerShell's own means of ending a pipeline
    /// (a stop, an error that <c>-ErrorAction Stop</c> made terminating, <c>Select-Object -First</c>).
    /// </summary>
    internal static bool IsForUser(Exception error)
        => error is not (OperationCanceledException or PipelineStoppedException or FlowControlException or RuntimeException);

    /// <summary>A file or folder of the host as Get-Item emits it: with the properties that PowerShell's own views show.</summary>
    internal PSObject Item(string path)
        => InvokeProvider.Item.Get([@"Microsoft.PowerShell.Core\FileSystem::" + path], force: true, literalPath: true)[0];

    /// <summary>A folder or file of the host as an absolute path, relative ones from PowerShell's current location.</summary>
    internal string ResolveHostPath(string path) => SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
}
