using System.Management.Automation;
using ContainerTools.Shell.Objects;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Microsoft.PowerShell.Commands;

/// <summary>The engine's free formatting (custom controls), under its name.</summary>
[Cmdlet(VerbsCommon.Format, "Custom")]
public sealed class FormatCustomCommand : OuterFormatShapeCommandBase
{
    public FormatCustomCommand() => EngineFormatting.UseShape(this, "Complex");
}
