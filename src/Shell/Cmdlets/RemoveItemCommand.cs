using System.Management.Automation;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Deletes items.</summary>
[Management]
[Cmdlet(VerbsCommon.Remove, "Item", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
public sealed class RemoveItemCommand : PathCommand
{
    private bool _yesToAll;
    private bool _noToAll;

    [Parameter]
    public string? Filter { get; set; }

    [Parameter]
    public string[]? Include { get; set; }

    [Parameter]
    public string[]? Exclude { get; set; }

    [Parameter]
    public SwitchParameter Recurse { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        ItemFilter filter = new(Filter, Include, Exclude);
        ForEachPath(path =>
        {
            foreach (PSObject item in InvokeProvider.Item.Get([path], force: true, IsLiteral))
            {
                if (!filter.Matches(item))
                    continue;
                string target = (string)item.Properties["PSPath"].Value;
                Try(() => Remove(target), path);
            }
        });
    }

    private void Remove(string target)
    {
        string shown = SessionState.Path.GetUnresolvedProviderPathFromPSPath(target);
        if (!ShouldProcess(shown, "Remove Item"))
            return;
        bool hasChildren = !Recurse && InvokeProvider.Item.IsContainer(target) && InvokeProvider.ChildItem.HasChild(target, Force, literalPath: true);
        if (hasChildren && !ShouldContinue(
                $"The item at {shown} has children and the Recurse parameter was not specified. If you continue, all children will be removed with the item. Are you sure you want to continue?",
                "Confirm", ref _yesToAll, ref _noToAll))
            return;
        InvokeProvider.Item.Remove([target], Recurse || hasChildren, Force, literalPath: true);
    }
}
