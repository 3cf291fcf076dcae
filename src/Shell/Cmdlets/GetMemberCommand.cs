using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>The properties and methods of objects, once for each type.</summary>
[Cmdlet(VerbsCommon.Get, "Member")]
[OutputType(typeof(MemberDefinition))]
public sealed class GetMemberCommand : PSCmdlet
{
    private readonly HashSet<string> _seen = [];

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0)]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    [Alias("Type")]
    public PSMemberTypes MemberType { get; set; } = PSMemberTypes.All;

    [Parameter]
    public SwitchParameter Static { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is null)
            return;
        PSObject subject = Static
            ? PSObject.AsPSObject(InputObject.BaseObject as Type ?? InputObject.BaseObject.GetType())
            : InputObject;
        string type = Static ? ((Type)subject.BaseObject).FullName! : subject.TypeNames[0];
        if (!_seen.Add(type))
            return;
        WildcardPattern[] patterns = Array.ConvertAll(Name, n => WildcardPattern.Get(n, WildcardOptions.IgnoreCase));
        List<MemberDefinition> members = [];
        foreach (PSMemberInfo member in Static ? StaticMembers((Type)subject.BaseObject) : subject.Members)
        {
            bool isHidden = member is PSMethod && (member.Name.StartsWith("get_", StringComparison.Ordinal) || member.Name.StartsWith("set_", StringComparison.Ordinal))
                || member is PSMemberSet;
            if ((isHidden && !Force) || (member.MemberType & MemberType) == 0 || !patterns.Any(p => p.IsMatch(member.Name)))
                continue;
            members.Add(new MemberDefinition(type, member.Name, member.MemberType, member.ToString() ?? ""));
        }
        foreach (MemberDefinition member in members.OrderBy(m => m.MemberType.ToString(), StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.OrdinalIgnoreCase))
            WriteObject(member);
    }

    protected override void EndProcessing()
    {
        if (_seen.Count == 0)
            WriteError(new ErrorRecord(
                new InvalidOperationException("You must specify an object for the Get-Member cmdlet."),
                "NoObjectInGetMember", ErrorCategory.CloseError, null));
    }

    private static IEnumerable<PSMemberInfo> StaticMembers(Type type)
    {
        const System.Reflection.BindingFlags Flags =
            System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.FlattenHierarchy;
        foreach (System.Reflection.PropertyInfo property in type.GetProperties(Flags))
            yield return new PSNoteProperty(property.Name, property.PropertyType);
        foreach (System.Reflection.FieldInfo field in type.GetFields(Flags))
            yield return new PSNoteProperty(field.Name, field.FieldType);
    }
}
