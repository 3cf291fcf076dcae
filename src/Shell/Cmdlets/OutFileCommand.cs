using System.Management.Automation;
using ContainerTools.Shell.Objects;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Microsoft.PowerShell.Commands;

/// <summary>Its input as the console would show it, in a file. The operators <c>&gt;</c> and <c>&gt;&gt;</c> are this cmdlet.</summary>
[Cmdlet("Out", "File", SupportsShouldProcess = true, DefaultParameterSetName = "ByPath")]
public sealed class OutFileCommand : FrontEndCommandBase
{
    private StreamWriter? _writer;

    public OutFileCommand() => EngineFormatting.UseWriter(this);

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath")]
    [Alias("Path")]
    public string FilePath { get; set; } = "";

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = "";

    [Parameter(Position = 1)]
    public string Encoding { get; set; } = "utf8NoBOM";

    [Parameter]
    public SwitchParameter Append { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = int.MaxValue;

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        string given = ParameterSetName == "ByLiteralPath" ? LiteralPath : FilePath;
        string path = FileText.Locate(this, given);
        if (!ShouldProcess(given, "Output to File"))
        {
            EngineFormatting.SetWriter(this, TextWriter.Null, Width);
            base.BeginProcessing();
            return;
        }
        try
        {
            if (NoClobber && !Append && File.Exists(path))
                throw new IOException($"The file '{path}' already exists.");
            _writer = new StreamWriter(path, Append, FileText.Encoding(Encoding));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(new ErrorRecord(
                e, NoClobber && e is IOException && File.Exists(path) ? "NoClobber" : "FileOpenFailure", ErrorCategory.OpenError, path));
        }
        EngineFormatting.SetWriter(this, new LineWriter(Write), Width);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        _writer?.Flush();
    }

    protected override void InternalDispose()
    {
        _writer?.Dispose();
        base.InternalDispose();
    }

    private void Write(string line)
    {
        string text = PSStyle.Instance.OutputRendering == OutputRendering.Ansi ? line : OutStringCommand.Plain(line);
        if (NoNewline)
            _writer!.Write(text);
        else
            _writer!.WriteLine(text);
    }
}
