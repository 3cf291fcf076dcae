using System.Diagnostics;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>How long a script block takes, run in the caller's scope.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "Command")]
[OutputType(typeof(TimeSpan))]
public sealed class MeasureCommandCommand : PSCmdlet
{
    private readonly Stopwatch _clock = new();

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0, Mandatory = true)]
    public ScriptBlock Expression { get; set; } = null!;

    protected override void ProcessRecord()
    {
        _clock.Start();
        InvokeCommand.InvokeScript(useLocalScope: false, Expression, InputObject is null ? null : new[] { InputObject });
        _clock.Stop();
    }

    protected override void EndProcessing() => WriteObject(_clock.Elapsed);
}
