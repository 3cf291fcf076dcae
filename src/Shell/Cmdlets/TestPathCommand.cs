using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Whether there is something at a path.</summary>
[Management]
[Cmdlet(VerbsDiagnostic.Test, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(bool))]
public sealed class TestPathCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public string[]? Path { get; set; } = [];

    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [AllowNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public string[]? LiteralPath { get; set; } = [];

    [Parameter]
    [Alias("Type")]
    [ValidateSet("Any", "Container", "Leaf")]
    public string PathType { get; set; } = "Any";

    [Parameter]
    public SwitchParameter IsValid { get; set; }

    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == "LiteralPath";
        foreach (string? path in (isLiteral ? LiteralPath : Path) ?? [])
            WriteObject(Exists(path, isLiteral));
    }

    private bool Exists(string? path, bool isLiteral)
    {
        if (string.IsNullOrWhiteSpace(path))
            return false;
        try
        {
            if (IsValid)
                return SessionState.Path.IsValid(path);
            if (!InvokeProvider.Item.Exists(path, force: true, isLiteral))
                return false;
            return PathType switch
            {
                "Container" => InvokeProvider.Item.IsContainer(path),
                "Leaf" => !InvokeProvider.Item.IsContainer(path),
                _ => true,
            };
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or ItemNotFoundException)
        {
            return false;
        }
    }
}
