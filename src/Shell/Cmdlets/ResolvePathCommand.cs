using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>The paths that a pattern fits.</summary>
[Management]
[Cmdlet(VerbsDiagnostic.Resolve, "Path", DefaultParameterSetName = "Path")]
[OutputType(typeof(PathInfo), typeof(string))]
public sealed class ResolvePathCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Relative { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord() => ForEachPath(path =>
    {
        foreach (PathInfo found in SessionState.Path.GetResolvedPSPathFromPSPath(IsLiteral ? WildcardPattern.Escape(path) : path))
        {
            if (!Relative)
            {
                WriteObject(found);
                continue;
            }
            string relative = SessionState.Path.NormalizeRelativePath(found.Path, SessionState.Path.CurrentLocation.ProviderPath);
            WriteObject(relative.StartsWith('.') ? relative : SessionState.Path.Combine(".", relative));
        }
    });
}
