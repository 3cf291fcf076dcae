using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Changes where paths start from and remembers the old place.</summary>
[Management]
[Cmdlet(VerbsCommon.Push, "Location", DefaultParameterSetName = "Path")]
public sealed class PushLocationCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string? Path { get; set; }

    [Parameter(ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string? LiteralPath { get; set; }

    [Parameter]
    public string? StackName { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        SessionState.Path.PushCurrentLocation(StackName);
        if ((LiteralPath is null ? Path : WildcardPattern.Escape(LiteralPath)) is not { } path)
            return;
        try
        {
            PathInfo location = SessionState.Path.SetLocation(path);
            if (PassThru)
                WriteObject(location);
        }
        catch (Exception e) when (e is IContainsErrorRecord record and not PipelineStoppedException)
        {
            SessionState.Path.PopLocation(StackName);
            WriteError(new ErrorRecord(record.ErrorRecord, e));
        }
    }
}
