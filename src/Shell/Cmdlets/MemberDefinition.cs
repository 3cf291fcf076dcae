using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>One member as Get-Member shows it. The name is the one that the engine's format data knows.</summary>
public sealed class MemberDefinition(string typeName, string name, PSMemberTypes memberType, string definition)
{
    public string TypeName { get; } = typeName;
    public string Name { get; } = name;
    public PSMemberTypes MemberType { get; } = memberType;
    public string Definition { get; } = definition;

    public override string ToString() => Definition;
}
