using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Writes lines of a program's standard error to the error stream as PowerShell does for native programs: they are error records,
/// but a line on standard error is no failure. It neither ends a script that sets <c>$ErrorActionPreference = 'Stop'</c> nor makes
/// <c>$?</c> false; the exit code says how it went.
/// </summary>
internal sealed class ErrorLineWriter : IDisposable
{
    // A cmdlet's own WriteError obeys the preference variable and always makes $? false. A nested pipeline whose error stream is joined
    // to the cmdlet's does neither.
    private static readonly ScriptBlock Script = ScriptBlock.Create(
        "[CmdletBinding()] param([Parameter(ValueFromPipeline)] $Record) process { $PSCmdlet.WriteError($Record) }");

    private readonly SteppablePipeline _pipeline;

    /// <summary>Joins a nested pipeline to the cmdlet's streams.</summary>
    public ErrorLineWriter(PSCmdlet cmdlet)
    {
        ScriptBlock script = ScriptBlock.Create("& $args[0] -ErrorAction Continue");
        _pipeline = script.GetSteppablePipeline(CommandOrigin.Internal, [Script]);
        _pipeline.Begin(cmdlet);
    }

    /// <summary>Writes one line.</summary>
    public void Write(string line)
        => _pipeline.Process(new ErrorRecord(new RemoteException(line), "NativeCommandError", ErrorCategory.FromStdErr, null));

    /// <inheritdoc/>
    public void Dispose()
    {
        _pipeline.End();
        _pipeline.Dispose();
    }
}
