using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Waits for a run to end, and knows then how it ended: by the record that the monitor has written before it ended, also where the
/// container removes itself.
/// </summary>
internal sealed class EndOfRun : IDisposable
{
    private readonly ContainerServices _services;
    private readonly ContainerRecord _record;
    private readonly RunRecord _run;
    private readonly SafeFileHandle? _keeper;

    private EndOfRun(ContainerServices services, ContainerRecord record, RunRecord run)
    {
        _services = services;
        _record = record;
        _run = run;
        _keeper = RunControl.OpenKeeper(run);
    }

    /// <summary>Begins to watch.</summary>
    public static EndOfRun Watch(ContainerServices services, ContainerRecord record, RunRecord run) => new(services, record, run);

    /// <summary>Waits for the monitor's end.</summary>
    /// <returns>The container as it is then.</returns>
    public async Task<Container> WaitAsync(CancellationToken cancellationToken)
    {
        if (_keeper is not null) await DescriptorWaiter.WaitReadableAsync(_keeper, cancellationToken).ConfigureAwait(false);
        if (_services.Store.TryRead(_record.Id) is { } record) return _services.Inspect(record);

        // It has removed itself.
        ContainerStatus last = new() { State = ContainerState.Exited, Run = _run };
        return Snapshot.Of(_record, last, _services.Store.Files(_record.Id));
    }

    /// <inheritdoc/>
    public void Dispose() => _keeper?.Dispose();
}
