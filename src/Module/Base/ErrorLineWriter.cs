using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Writes lines of a program's standard error to the error stream as PowerShell does for native programs: they are error records, shown as
/// they were written, but a line on standard error is no failure. It does not end a script that sets <c>$ErrorActionPreference = 'Stop'</c>;
/// the exit code says how it went. (<c>$?</c> is false after one all the same: PowerShell leaves a cmdlet no choice.)
/// </summary>
internal sealed class ErrorLineWriter : IDisposable
{
    // A cmdlet's own WriteError obeys the preference variable, and shows the cmdlet's name before the line. A nested pipeline whose error
    // stream is joined to the cmdlet's does neither.
    private const string Script
        = "& { [CmdletBinding()] param([Parameter(ValueFromPipeline)] $Record) process { $PSCmdlet.WriteError($Record) } } -ErrorAction Continue";

    private readonly PSCmdlet _cmdlet;
    private readonly SteppablePipeline? _pipeline;

    /// <summary>Joins a nested pipeline to the cmdlet's streams.</summary>
    public ErrorLineWriter(PSCmdlet cmdlet)
    {
        _cmdlet = cmdlet;
        // Who says on the command line what is to happen with errors means these.
        if (cmdlet.MyInvocation.BoundParameters.ContainsKey("ErrorAction") || cmdlet.MyInvocation.BoundParameters.ContainsKey("ErrorVariable")) return;
        _pipeline = ScriptBlock.Create(Script).GetSteppablePipeline(CommandOrigin.Internal);
        // Not Begin(cmdlet), which takes input only where the cmdlet does.
        _pipeline.Begin(expectInput: true, (EngineIntrinsics)cmdlet.SessionState.PSVariable.GetValue("ExecutionContext"));
    }

    /// <summary>Writes one line.</summary>
    public void Write(string line)
    {
        ErrorRecord record = new(new RemoteException(line), "NativeCommandError", ErrorCategory.FromStdErr, null);
        if (_pipeline is null) _cmdlet.WriteError(record);
        else _pipeline.Process(record);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pipeline?.End();
        _pipeline?.Dispose();
    }
}
