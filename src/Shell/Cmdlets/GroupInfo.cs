using System.Collections.ObjectModel;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Objects that have something in common. The name is the one that the engine's format data knows.</summary>
public class GroupInfo
{
    public GroupInfo(ReadOnlyCollection<object?> values, Collection<PSObject> group)
    {
        Values = values;
        Group = group;
        Name = string.Join(", ", values.Select(v => v is null ? "" : PSObject.AsPSObject(v).ToString()));
    }

    public int Count => Group.Count;

    public string Name { get; }

    public Collection<PSObject> Group { get; }

    public ReadOnlyCollection<object?> Values { get; }
}
