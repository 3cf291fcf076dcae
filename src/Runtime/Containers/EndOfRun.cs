using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Waits for a run to end, and knows then how it ended: by the record that the monitor has written before it ended. Where the container
/// removes itself, and the record with it, the monitor tells the record over its control socket.
/// </summary>
internal sealed class EndOfRun : IDisposable
{
    private readonly ContainerServices _services;
    private readonly ContainerRecord _record;
    private readonly RunRecord _run;
    private readonly SafeFileHandle? _keeper;
    private readonly CancellationTokenSource _released = new();
    private readonly Task<ExitRecord?>? _told;
    private readonly ExitRecord? _found;

    private EndOfRun(ContainerServices services, ContainerRecord record, RunRecord run)
    {
        _services = services;
        _record = record;
        _run = run;
        _keeper = RunControl.OpenKeeper(run);
        if (!record.Configuration.AutoRemove) return;
        _told = ControlClient.WaitForEndAsync(services.Paths.ContainerRun(record.Id), _released.Token);
        // Nobody listens any more: then the record has been written, and it is there as long as this holds the lock, which its removal waits for.
        if (_told is { IsCompletedSuccessfully: true, Result: null })
        {
            _found = ContainerStateReader.ReadDocument(services.Store.Files(record.Id).Exit, RunJson.Default.ExitRecord);
        }
    }

    /// <summary>Begins to watch: from now on the end is not missed.</summary>
    public static EndOfRun Watch(ContainerServices services, ContainerRecord record, RunRecord run) => new(services, record, run);

    /// <summary>Waits for the monitor's end.</summary>
    /// <returns>The container as it is then.</returns>
    public async Task<Container> WaitAsync(CancellationToken cancellationToken)
    {
        if (_keeper is not null) await DescriptorWaiter.WaitReadableAsync(_keeper, cancellationToken).ConfigureAwait(false);
        ExitRecord? told = _told is null ? null : await _told.WaitAsync(cancellationToken).ConfigureAwait(false) ?? _found;
        if (told is null && _services.Store.TryRead(_record.Id) is { } record) return _services.Inspect(record);

        // It has removed itself.
        ContainerStatus last = new() { State = ContainerState.Exited, Run = _run, Exit = told };
        return Snapshot.Of(_record, last, _services.Store.Files(_record.Id));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _released.Cancel();
        // Whatever it would have said, nobody listens any more.
        _ = _told?.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        _released.Dispose();
        _keeper?.Dispose();
    }
}
