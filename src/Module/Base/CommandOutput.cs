using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Shows a command in a container as PowerShell shows a native program: standard output is the cmdlet's output, a string for each line;
/// standard error goes to the error stream; the exit code is in <c>$LASTEXITCODE</c>.
/// </summary>
/// <param name="cmdlet">The cmdlet that runs the command.</param>
/// <param name="mergeError">Standard error comes with standard output, in the order in which it was read.</param>
internal sealed class CommandOutput(ContainerCmdlet cmdlet, bool mergeError) : IDisposable
{
    private ErrorLineWriter? _errorWriter;

    /// <summary>The cmdlet that runs the command.</summary>
    public ContainerCmdlet Cmdlet => cmdlet;

    /// <summary>Brings one line of output to the pipeline.</summary>
    public void Emit(OutputStream stream, string line)
    {
        if (stream == OutputStream.StandardError && !mergeError) (_errorWriter ??= new ErrorLineWriter(cmdlet)).Write(line);
        else cmdlet.WriteObject(line);
    }

    /// <summary>Sets <c>$LASTEXITCODE</c>, and writes an error where the user wants one for every failure of a native program.</summary>
    public void ReportExit(int exitCode, Container container)
    {
        SetLastExitCode(exitCode);
        object? preference = cmdlet.SessionState.PSVariable.GetValue("PSNativeCommandUseErrorActionPreference", false);
        if (exitCode == 0 || !LanguagePrimitives.IsTrue(preference)) return;
        cmdlet.WriteError(new ErrorRecord(
            new RuntimeException($"The command in {container.Name} ended with exit code {exitCode}."),
            "ProgramExitedWithNonZeroCode",
            ErrorCategory.NotSpecified,
            container));
    }

    /// <summary>
    /// Reports a command that could not be started: <c>$LASTEXITCODE</c> is what a shell would say, 127 where it was not found, 126 where it
    /// could not be executed, else 125.
    /// </summary>
    public void ReportNotStarted(Exception error, object target)
    {
        SetLastExitCode(ErrorMapper.CodeOf(error) switch
        {
            ErrorCode.CommandNotFound => 127,
            ErrorCode.CommandNotExecutable => 126,
            _ => 125,
        });
        cmdlet.WriteFailure(error, target);
    }

    /// <inheritdoc/>
    public void Dispose() => _errorWriter?.Dispose();

    private void SetLastExitCode(int exitCode) => cmdlet.SessionState.PSVariable.Set("global:LASTEXITCODE", exitCode);
}
