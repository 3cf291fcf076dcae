using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Orders its input; equal objects keep their order where -Stable asks for it (here they always do).</summary>
[Cmdlet("Sort", "Object", DefaultParameterSetName = "Default")]
public sealed class SortObjectCommand : ComparingCommand
{
    private readonly List<PSObject> _items = [];

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter Descending { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    public SwitchParameter Stable { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Top { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Bottom { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            _items.Add(InputObject);
    }

    protected override void EndProcessing()
    {
        ValueComparer comparer = NewComparer();
        PropertySelector[] selectors = PropertySelector.Parse(Property);
        (PSObject Item, object?[] Keys)[] keyed =
            [.. _items.Select(item => (item, selectors.Length == 0 ? [item] : Array.ConvertAll(selectors, s => s.Get(item))))];
        bool[] directions = selectors.Length == 0
            ? [Descending.IsPresent]
            : Array.ConvertAll(selectors, s => s.IsDescending ?? Descending.IsPresent);
        Comparer<object?[]> order = Comparer<object?[]>.Create((a, b) =>
        {
            for (int i = 0; i < a.Length; i++)
            {
                int result = comparer.Compare(a[i], b[i]);
                if (result != 0)
                    return directions[i] ? -result : result;
            }
            return 0;
        });
        List<(PSObject Item, object?[] Keys)> sorted = [.. keyed.OrderBy(k => k.Keys, order)];
        if (Unique)
            sorted = [.. sorted.Where((k, i) => i == 0 || order.Compare(sorted[i - 1].Keys, k.Keys) != 0)];
        IEnumerable<(PSObject Item, object?[] Keys)> chosen = Top > 0 ? sorted.Take(Top) : Bottom > 0 ? sorted.TakeLast(Bottom) : sorted;
        foreach ((PSObject item, _) in chosen)
            WriteObject(item);
    }
}
