using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Puts the parts of a path together.</summary>
[Management]
[Cmdlet(VerbsCommon.Join, "Path")]
[OutputType(typeof(string))]
public sealed class JoinPathCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public string[]? ChildPath { get; set; }

    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public string[] AdditionalChildPath { get; set; } = [];

    [Parameter]
    public SwitchParameter Resolve { get; set; }

    protected override void ProcessRecord()
    {
        string child = "";
        foreach (string part in (ChildPath ?? []).Concat(AdditionalChildPath))
            child = child.Length == 0 ? part : SessionState.Path.Combine(child, part);
        foreach (string path in Path)
        {
            string joined = SessionState.Path.Combine(path, child);
            if (!Resolve)
            {
                WriteObject(joined);
                continue;
            }
            foreach (PathInfo found in SessionState.Path.GetResolvedPSPathFromPSPath(joined))
                WriteObject(found.Path);
        }
    }
}
