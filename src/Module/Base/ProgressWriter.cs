using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Shows the engine's progress as PowerShell's progress bar. Reports come from any thread, faster than anyone can look: the latest one is
/// shown, ten times a second at most.
/// </summary>
/// <param name="cmdlet">The cmdlet whose progress it is.</param>
/// <param name="activity">The title of the bar.</param>
internal sealed class ProgressWriter(ContainerCmdlet cmdlet, string activity) : IProgress<EngineProgress>, IDisposable
{
    private const int MillisecondsBetween = 100;
    private readonly Lock _gate = new();
    private EngineProgress? _latest;
    private long _lastTick;
    private bool _shown;

    /// <inheritdoc/>
    public void Report(EngineProgress value)
    {
        lock (_gate)
        {
            bool underWay = _latest is not null;
            _latest = value;
            // The first moments are not worth a bar: short work shows none at all.
            if (_lastTick == 0) _lastTick = Environment.TickCount64;
            if (underWay || Environment.TickCount64 - _lastTick < MillisecondsBetween) return;
        }

        cmdlet.Pump.Post(Show);
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        if (_shown) cmdlet.WriteProgress(new ProgressRecord(0, activity, "Done") { RecordType = ProgressRecordType.Completed });
    }

    private void Show()
    {
        EngineProgress? progress;
        lock (_gate)
        {
            progress = _latest;
            _latest = null;
            _lastTick = Environment.TickCount64;
        }

        if (progress is null) return;
        _shown = true;
        string done = progress.Total is > 0
            ? $"{HumanUnits.Size(progress.Completed)} of {HumanUnits.Size(progress.Total)}"
            : HumanUnits.Size(progress.Completed);
        cmdlet.WriteProgress(new ProgressRecord(0, activity, $"{progress.Activity}: {done}")
        {
            CurrentOperation = progress.Item,
            PercentComplete = progress.Total is > 0 and { } total ? (int)Math.Clamp(100 * progress.Completed / total, 0, 100) : -1,
        });
    }
}
