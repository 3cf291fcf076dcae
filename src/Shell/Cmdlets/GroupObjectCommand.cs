using System.Collections;
using System.Collections.ObjectModel;
using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Puts together what has the same values.</summary>
[Cmdlet(VerbsData.Group, "Object", DefaultParameterSetName = "HashTable")]
[OutputType(typeof(GroupInfo), typeof(Hashtable))]
public sealed class GroupObjectCommand : ComparingCommand
{
    private readonly List<PSObject> _items = [];

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter NoElement { get; set; }

    [Parameter(ParameterSetName = "HashTable")]
    [Alias("AHT")]
    public SwitchParameter AsHashTable { get; set; }

    [Parameter(ParameterSetName = "HashTable")]
    public SwitchParameter AsString { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            _items.Add(InputObject);
    }

    protected override void EndProcessing()
    {
        ValueComparer comparer = NewComparer();
        PropertySelector[] selectors = PropertySelector.Parse(Property);
        List<(object?[] Keys, Collection<PSObject> Members)> groups = [];
        foreach (PSObject item in _items)
        {
            object?[] keys = selectors.Length == 0 ? [item.BaseObject] : Array.ConvertAll(selectors, s => s.Get(item));
            int index = groups.FindIndex(g => g.Keys.Zip(keys).All(pair => comparer.Compare(pair.First, pair.Second) == 0));
            if (index < 0)
                groups.Add((keys, [item]));
            else
                groups[index].Members.Add(item);
        }
        Comparer<object?[]> order = Comparer<object?[]>.Create((a, b) => a.Zip(b).Select(pair => comparer.Compare(pair.First, pair.Second)).FirstOrDefault(r => r != 0));
        GroupInfo[] result = [.. groups.OrderBy(g => g.Keys, order).Select(g => new GroupInfo(new ReadOnlyCollection<object?>(g.Keys), g.Members))];
        if (!AsHashTable)
        {
            foreach (GroupInfo group in result)
                WriteObject(NoElement ? new GroupInfoNoElement(group) : group);
            return;
        }
        Hashtable table = new(CaseSensitive ? StringComparer.CurrentCulture : StringComparer.CurrentCultureIgnoreCase);
        foreach (GroupInfo group in result)
        {
            object? key = AsString ? group.Name : group.Values.Count == 1 ? group.Values[0] : group.Name;
            table[key ?? ""] = group.Group;
        }
        WriteObject(table);
    }
}
