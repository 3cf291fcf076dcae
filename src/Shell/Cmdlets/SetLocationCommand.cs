using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Changes where paths start from.</summary>
[Management]
[Cmdlet(VerbsCommon.Set, "Location", DefaultParameterSetName = "Path")]
public sealed class SetLocationCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string Path { get; set; } = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = "";

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        string path = ParameterSetName == "LiteralPath" ? WildcardPattern.Escape(LiteralPath) : Path;
        try
        {
            PathInfo location = SessionState.Path.SetLocation(path);
            if (PassThru)
                WriteObject(location);
        }
        catch (Exception e) when (e is IContainsErrorRecord record and not PipelineStoppedException)
        {
            WriteError(new ErrorRecord(record.ErrorRecord, e));
        }
    }
}
