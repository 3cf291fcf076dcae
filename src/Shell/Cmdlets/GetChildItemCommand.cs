using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>What is in a folder or another container of items.</summary>
[Management]
[Cmdlet(VerbsCommon.Get, "ChildItem", DefaultParameterSetName = "Items")]
public sealed class GetChildItemCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Items")]
    public string[] Path { get; set; } = ["."];

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralItems")]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    [Parameter(Position = 1)]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    [Alias("s", "r")]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public uint? Depth { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter Name { get; set; }

    [Parameter]
    [Alias("af")]
    public SwitchParameter File { get; set; }

    [Parameter]
    [Alias("ad", "d")]
    public SwitchParameter Directory { get; set; }

    [Parameter]
    [Alias("h")]
    public SwitchParameter Hidden { get; set; }

    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == "LiteralItems";
        ItemFilter filter = new(Filter, Include, Exclude);
        foreach (string path in isLiteral ? LiteralPath : Path)
        {
            try
            {
                List(path, isLiteral, filter);
            }
            catch (Exception e) when (e is IContainsErrorRecord record and not PipelineStoppedException)
            {
                WriteError(new ErrorRecord(record.ErrorRecord, e));
            }
        }
    }

    private void List(string path, bool isLiteral, ItemFilter filter)
    {
        bool isDeep = Recurse || Depth is not null;
        foreach (PSObject item in InvokeProvider.ChildItem.Get([path], isDeep, Force || Hidden, isLiteral))
        {
            bool isContainer = item.Properties["PSIsContainer"]?.Value is true;
            if (!filter.Matches(item) || (File && isContainer) || (Directory && !isContainer))
                continue;
            if (Hidden && item.BaseObject is FileSystemInfo entry && !entry.Attributes.HasFlag(FileAttributes.Hidden))
                continue;
            if (Depth is { } depth && DepthBelow(path, isLiteral, item) > depth)
                continue;
            if (Name)
                WriteObject(NameBelow(path, isLiteral, item));
            else
                WriteObject(item);
        }
    }

    private string NameBelow(string path, bool isLiteral, PSObject item)
    {
        if (item.BaseObject is not FileSystemInfo entry || !(Recurse || Depth is not null))
            return item.Properties["PSChildName"]?.Value as string ?? item.ToString();
        return System.IO.Path.GetRelativePath(Root(path, isLiteral), entry.FullName);
    }

    private int DepthBelow(string path, bool isLiteral, PSObject item) => item.BaseObject is FileSystemInfo entry
        ? System.IO.Path.GetRelativePath(Root(path, isLiteral), entry.FullName).Count(c => c == '/')
        : 0;

    private string Root(string path, bool isLiteral) =>
        FileText.Resolve(this, path, isLiteral || !WildcardPattern.ContainsWildcardCharacters(path))?.FirstOrDefault() ?? path;
}
