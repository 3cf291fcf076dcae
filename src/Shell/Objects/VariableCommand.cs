using System.Management.Automation;

namespace ContainerTools.Shell.Objects;

/// <summary>A cmdlet that looks for variables by name, with wildcards.</summary>
public abstract class VariableCommand : PSCmdlet
{
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Scope { get; set; }

    [Parameter]
    public string[] Include { get; set; } = [];

    [Parameter]
    public string[] Exclude { get; set; } = [];

    internal VariableScope Variables => new(this, Scope);

    /// <summary>The variables of a name; an exact name that is not there is an error, a pattern that fits none is not.</summary>
    protected IEnumerable<PSVariable> Find(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            if (Variables.Get(name) is { } variable)
                return Filter([variable]);
            WriteError(new ErrorRecord(
                new ItemNotFoundException($"Cannot find a variable with the name '{name}'."), "VariableNotFound", ErrorCategory.ObjectNotFound, name));
            return [];
        }
        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        return Filter([.. Variables.All().Where(v => pattern.IsMatch(v.Name)).OrderBy(v => v.Name, StringComparer.OrdinalIgnoreCase)]);
    }

    private IEnumerable<PSVariable> Filter(PSVariable[] variables) => variables.Where(v =>
        (Include.Length == 0 || Matches(Include, v.Name)) && !Matches(Exclude, v.Name));

    private static bool Matches(string[] patterns, string name) => patterns.Any(p => WildcardPattern.Get(p, WildcardOptions.IgnoreCase).IsMatch(name));
}
