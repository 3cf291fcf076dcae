using System.Collections;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Makes an object of a .NET type.</summary>
[Cmdlet(VerbsCommon.New, "Object")]
public sealed class NewObjectCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public string TypeName { get; set; } = "";

    [Parameter(Position = 1)]
    [Alias("Args")]
    public object[] ArgumentList { get; set; } = [];

    [Parameter]
    public IDictionary? Property { get; set; }

    protected override void BeginProcessing()
    {
        if (!LanguagePrimitives.TryConvertTo(TypeName, out Type type))
        {
            ThrowTerminatingError(new ErrorRecord(
                new PSArgumentException($"Cannot find type [{TypeName}]: verify that the assembly containing this type is loaded."),
                "TypeNotFound", ErrorCategory.InvalidType, null));
            return;
        }
        object[] arguments = Array.ConvertAll(ArgumentList, a => a is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : a);
        PSObject made;
        try
        {
            // The language's own ::new() chooses the constructor and converts the arguments.
            made = type == typeof(PSObject) && arguments.Length == 0
                ? new PSObject()
                : ScriptBlock.Create("param($type, $list) , $type::new.Invoke($list)").Invoke(type, arguments)[0];
        }
        catch (RuntimeException e)
        {
            ThrowTerminatingError(new ErrorRecord(
                e.InnerException ?? e, "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand", ErrorCategory.InvalidOperation, null));
            return;
        }
        foreach (DictionaryEntry entry in Property ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            if (made.BaseObject is PSCustomObject)
                made.Properties.Add(new PSNoteProperty(name, entry.Value));
            else if (made.Properties[name] is { } property)
                property.Value = entry.Value;
            else
                WriteError(new ErrorRecord(
                    new PSInvalidOperationException($"The member \"{name}\" was not found for the specified .NET object."),
                    "InvalidOperationException", ErrorCategory.InvalidOperation, null));
        }
        WriteObject(made);
    }
}
