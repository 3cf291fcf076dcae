namespace Microsoft.PowerShell.Commands;

/// <summary>A group shown without its members.</summary>
public sealed class GroupInfoNoElement(GroupInfo group) : GroupInfo(group.Values, group.Group);
