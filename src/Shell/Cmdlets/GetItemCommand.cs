using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>The item at a path.</summary>
[Management]
[Cmdlet(VerbsCommon.Get, "Item", DefaultParameterSetName = "Path")]
public sealed class GetItemCommand : PathCommand
{
    [Parameter]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        ItemFilter filter = new(Filter, Include, Exclude);
        ForEachPath(path =>
        {
            foreach (PSObject item in InvokeProvider.Item.Get([path], Force, IsLiteral))
            {
                if (filter.Matches(item))
                    WriteObject(item);
            }
        });
    }
}
