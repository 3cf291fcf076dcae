using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>A part of a path.</summary>
[Management]
[Cmdlet(VerbsCommon.Split, "Path", DefaultParameterSetName = "ParentSet")]
[OutputType(typeof(string), typeof(bool))]
public sealed class SplitPathCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "ParentSet")]
    public SwitchParameter Parent { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "LeafSet")]
    public SwitchParameter Leaf { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "LeafBaseSet")]
    public SwitchParameter LeafBase { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "ExtensionSet")]
    public SwitchParameter Extension { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "QualifierSet")]
    public SwitchParameter Qualifier { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "NoQualifierSet")]
    public SwitchParameter NoQualifier { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "IsAbsoluteSet")]
    public SwitchParameter IsAbsolute { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            // A drive may be in front: TestDrive:/a/b.
            int colon = path.IndexOf(':', StringComparison.Ordinal);
            bool hasDrive = colon > 0 && !path[..colon].Contains('/', StringComparison.Ordinal);
            WriteObject(ParameterSetName switch
            {
                "LeafSet" => SessionState.Path.ParseChildName(path),
                "LeafBaseSet" => System.IO.Path.GetFileNameWithoutExtension(SessionState.Path.ParseChildName(path)),
                "ExtensionSet" => System.IO.Path.GetExtension(SessionState.Path.ParseChildName(path)),
                "QualifierSet" => hasDrive ? path[..(colon + 1)] : "",
                "NoQualifierSet" => hasDrive ? path[(colon + 1)..] : path,
                "IsAbsoluteSet" => hasDrive || path.StartsWith('/'),
                _ => SessionState.Path.ParseParent(path, ""),
            });
        }
    }
}
