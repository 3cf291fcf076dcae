using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Shows the engine's progress as PowerShell's progress bars: one for the whole, and below it one for each part that is told of. Reports come
/// from any thread, faster than anyone can look: the latest ones are shown, ten times a second at most.
/// </summary>
/// <param name="cmdlet">The cmdlet whose progress it is.</param>
/// <param name="activity">The title of the bar.</param>
internal sealed class ProgressWriter(ContainerCmdlet cmdlet, string activity) : IProgress<EngineProgress>, IDisposable
{
    private const int MillisecondsBetween = 100;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EngineProgress> _latest = [];
    private readonly Dictionary<string, int> _shown = [];
    private long _lastTick;
    private bool _posted;

    /// <inheritdoc/>
    public void Report(EngineProgress value)
    {
        lock (_gate)
        {
            _latest[value.Item ?? ""] = value;
            // The first moments are not worth a bar: short work shows none at all.
            if (_lastTick == 0) _lastTick = Environment.TickCount64;
            if (_posted || Environment.TickCount64 - _lastTick < MillisecondsBetween) return;
            _posted = true;
        }

        cmdlet.Pump.Post(Show);
    }

    /// <summary>Takes the bars away, the one of the whole last.</summary>
    public void Dispose()
    {
        foreach ((string item, int id) in _shown.OrderByDescending(static pair => pair.Value))
        {
            cmdlet.WriteProgress(new ProgressRecord(id, item.Length == 0 ? activity : item, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }

    private void Show()
    {
        EngineProgress[] reports;
        lock (_gate)
        {
            reports = [.. _latest.OrderBy(static pair => pair.Key.Length > 0).Select(static pair => pair.Value)];
            _latest.Clear();
            _posted = false;
            _lastTick = Environment.TickCount64;
        }

        foreach (EngineProgress report in reports) Show(report);
    }

    private void Show(EngineProgress report)
    {
        string item = report.Item ?? "";
        bool known = _shown.TryGetValue(item, out int id);
        bool done = item.Length > 0 && report.Completed >= report.Total;
        // What was over before anybody could look.
        if (done && !known) return;
        if (!known) _shown[item] = id = item.Length == 0 ? 0 : _shown.Values.DefaultIfEmpty(0).Max() + 1;
        string amount = report.Total is > 0
            ? $"{HumanUnits.Size(report.Completed)} of {HumanUnits.Size(report.Total)}"
            : HumanUnits.Size(report.Completed);
        cmdlet.WriteProgress(new ProgressRecord(id, item.Length == 0 ? activity : item, item.Length == 0 ? $"{report.Activity}: {amount}" : amount)
        {
            ParentActivityId = item.Length == 0 ? -1 : 0,
            PercentComplete = report.Total is > 0 and { } total ? (int)Math.Clamp(100 * report.Completed / total, 0, 100) : -1,
            RecordType = done ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });
    }
}
