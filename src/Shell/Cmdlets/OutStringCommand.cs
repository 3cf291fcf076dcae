using System.Management.Automation;
using System.Text;
using ContainerTools.Shell.Objects;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Microsoft.PowerShell.Commands;

/// <summary>Its input as the console would show it, as one string or line by line.</summary>
[Cmdlet(VerbsData.Out, "String", DefaultParameterSetName = "NoNewLineFormatting")]
[OutputType(typeof(string))]
public sealed class OutStringCommand : FrontEndCommandBase
{
    private readonly StringBuilder _text = new();

    public OutStringCommand() => EngineFormatting.UseWriter(this);

    [Parameter(ParameterSetName = "StreamFormatting")]
    public SwitchParameter Stream { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = int.MaxValue;

    [Parameter(ParameterSetName = "NoNewLineFormatting")]
    public SwitchParameter NoNewline { get; set; }

    protected override void BeginProcessing()
    {
        LineWriter writer = new(line =>
        {
            // Formatting leaves no colour where the text is meant for a program.
            string text = PSStyle.Instance.OutputRendering == OutputRendering.Ansi ? line : Plain(line);
            if (Stream)
                WriteObject(text);
            else
                _text.Append(text).Append(NoNewline ? "" : Environment.NewLine);
        });
        EngineFormatting.SetWriter(this, writer, Width);
        base.BeginProcessing();
    }

    protected override void EndProcessing()
    {
        base.EndProcessing();
        if (!Stream)
            WriteObject(_text.ToString());
    }

    internal static string Plain(string line) => line.Contains('\x1b', StringComparison.Ordinal)
        ? new System.Management.Automation.Internal.StringDecorated(line).ToString(OutputRendering.PlainText)
        : line;
}
