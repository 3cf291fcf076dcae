using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>A PowerShell path as the path that other programs understand.</summary>
[Management]
[Cmdlet(VerbsData.Convert, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(string))]
public sealed class ConvertPathCommand : PathCommand
{
    protected override void ProcessRecord() => ForEachPath(path =>
        WriteObject(GetResolvedProviderPathFromPSPath(IsLiteral ? WildcardPattern.Escape(path) : path, out _), enumerateCollection: true));
}
