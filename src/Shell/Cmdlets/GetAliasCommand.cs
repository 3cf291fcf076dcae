using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Other names of commands.</summary>
[Cmdlet(VerbsCommon.Get, "Alias", DefaultParameterSetName = "Default")]
[OutputType(typeof(AliasInfo))]
public sealed class GetAliasCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Default")]
    public string[] Name { get; set; } = ["*"];

    [Parameter(ParameterSetName = "Definition")]
    public string[] Definition { get; set; } = [];

    protected override void ProcessRecord()
    {
        AliasInfo[] all = [.. InvokeProvider.ChildItem.Get("Alias:", recurse: false).Select(i => (AliasInfo)i.BaseObject).OrderBy(a => a.Name, StringComparer.OrdinalIgnoreCase)];
        foreach (string name in ParameterSetName == "Definition" ? Definition : Name)
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            AliasInfo[] found = [.. all.Where(a => pattern.IsMatch(ParameterSetName == "Definition" ? a.Definition : a.Name))];
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(new ErrorRecord(
                    new ItemNotFoundException($"This command cannot find a matching alias because an alias with the {ParameterSetName.Replace("Default", "name", StringComparison.Ordinal)} '{name}' does not exist."),
                    "ItemNotFoundException", ErrorCategory.ObjectNotFound, name));
            WriteObject(found, enumerateCollection: true);
        }
    }
}
