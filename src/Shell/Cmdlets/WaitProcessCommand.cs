using System.Diagnostics;
using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Waits until processes have ended.</summary>
[Management]
[Cmdlet(VerbsLifecycle.Wait, "Process", DefaultParameterSetName = "Name")]
public sealed class WaitProcessCommand : ProcessCommand, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Process> _processes = [];

    [Parameter(Position = 0, ParameterSetName = "Id", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public override int[] Id { get; set; } = [];

    [Parameter(Position = 0, ParameterSetName = "Name", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessName")]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1)]
    [Alias("TimeoutSec")]
    public int Timeout { get; set; } = -1;

    public void Dispose() => _stop.Dispose();

    protected override void ProcessRecord() => _processes.AddRange(Find(Name));

    protected override void EndProcessing()
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        if (Timeout >= 0)
            limit.CancelAfter(TimeSpan.FromSeconds(Timeout));
        foreach (Process process in _processes)
        {
            try
            {
                process.WaitForExitAsync(limit.Token).GetAwaiter().GetResult();
            }
            catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
            {
                WriteError(new ErrorRecord(
                    new TimeoutException($"This command stopped operation because process \"{process.ProcessName} ({process.Id})\" is not stopped in the specified time-out."),
                    "ProcessNotTerminated", ErrorCategory.CloseError, process));
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    protected override void StopProcessing() => _stop.Cancel();
}
