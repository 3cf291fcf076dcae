using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Gives an item another name.</summary>
[Management]
[Cmdlet(VerbsCommon.Rename, "Item", DefaultParameterSetName = "ByPath", SupportsShouldProcess = true)]
public sealed class RenameItemCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByPath")]
    public string Path { get; set; } = "";

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string LiteralPath { get; set; } = "";

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string NewName { get; set; } = "";

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord()
    {
        string path = ParameterSetName == "ByLiteralPath" ? WildcardPattern.Escape(LiteralPath) : Path;
        if (!ShouldProcess($"Item: {path} Destination: {NewName}", "Rename"))
            return;
        try
        {
            var renamed = InvokeProvider.Item.Rename(path, NewName, Force);
            if (PassThru)
                WriteObject(renamed, enumerateCollection: true);
        }
        catch (Exception e) when (e is IContainsErrorRecord record and not PipelineStoppedException)
        {
            WriteError(new ErrorRecord(record.ErrorRecord, e));
        }
    }
}
