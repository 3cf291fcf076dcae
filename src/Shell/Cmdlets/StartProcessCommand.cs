using System.ComponentModel;
using System.Diagnostics;
using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Starts a program beside this one.</summary>
[Management]
[Cmdlet(VerbsLifecycle.Start, "Process", SupportsShouldProcess = true)]
[OutputType(typeof(Process))]
public sealed class StartProcessCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("PSPath", "Path")]
    public string FilePath { get; set; } = "";

    [Parameter(Position = 1)]
    [Alias("Args")]
    public string[] ArgumentList { get; set; } = [];

    [Parameter]
    public string? WorkingDirectory { get; set; }

    [Parameter]
    [Alias("RSI")]
    public string? RedirectStandardInput { get; set; }

    [Parameter]
    [Alias("RSO")]
    public string? RedirectStandardOutput { get; set; }

    [Parameter]
    [Alias("RSE")]
    public string? RedirectStandardError { get; set; }

    [Parameter]
    [Alias("nnw")]
    public SwitchParameter NoNewWindow { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    protected override void BeginProcessing()
    {
        string program = InvokeCommand.GetCommand(FilePath, CommandTypes.Application) is ApplicationInfo found ? found.Path : FilePath;
        // Arguments are one line of text that .NET splits, as pwsh has it: whoever passes blanks brings the quotes.
        ProcessStartInfo start = new(program, string.Join(' ', ArgumentList))
        {
            UseShellExecute = false,
            WorkingDirectory = WorkingDirectory is null ? SessionState.Path.CurrentFileSystemLocation.ProviderPath : FileText.Locate(this, WorkingDirectory),
            RedirectStandardInput = RedirectStandardInput is not null,
            RedirectStandardOutput = RedirectStandardOutput is not null,
            RedirectStandardError = RedirectStandardError is not null,
        };
        if (!ShouldProcess(start.FileName, "Start-Process"))
            return;
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            ThrowTerminatingError(new ErrorRecord(
                new InvalidOperationException($"This command cannot be run due to the error: {e.Message}", e),
                "InvalidOperationException", ErrorCategory.InvalidOperation, null));
            return;
        }
        List<Task> copies = [];
        if (RedirectStandardInput is not null)
            copies.Add(CopyAsync(File.OpenRead(FileText.Locate(this, RedirectStandardInput)), process.StandardInput.BaseStream));
        if (RedirectStandardOutput is not null)
            copies.Add(CopyAsync(process.StandardOutput.BaseStream, File.Create(FileText.Locate(this, RedirectStandardOutput))));
        if (RedirectStandardError is not null)
            copies.Add(CopyAsync(process.StandardError.BaseStream, File.Create(FileText.Locate(this, RedirectStandardError))));
        if (PassThru)
            WriteObject(process);
        if (Wait)
        {
            process.WaitForExit();
            Task.WaitAll(copies);
        }
    }

    private static async Task CopyAsync(Stream from, Stream to)
    {
        await using (to)
        await using (from)
            await from.CopyToAsync(to).ConfigureAwait(false);
    }
}
