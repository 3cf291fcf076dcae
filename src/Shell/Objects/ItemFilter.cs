using System.Management.Automation;

namespace ContainerTools.Shell.Objects;

/// <summary>-Filter, -Include and -Exclude by the names of items.</summary>
internal sealed class ItemFilter(string? filter, string[]? include, string[]? exclude)
{
    private readonly WildcardPattern? _filter = string.IsNullOrEmpty(filter) ? null : WildcardPattern.Get(filter, WildcardOptions.IgnoreCase);
    private readonly WildcardPattern[] _include = Compile(include);
    private readonly WildcardPattern[] _exclude = Compile(exclude);

    public bool IsEmpty => _filter is null && _include.Length == 0 && _exclude.Length == 0;

    public bool Matches(PSObject item)
    {
        string name = item.Properties["PSChildName"]?.Value as string ?? item.ToString();
        return (_filter is null || _filter.IsMatch(name)) &&
            (_include.Length == 0 || _include.Any(p => p.IsMatch(name))) &&
            !_exclude.Any(p => p.IsMatch(name));
    }

    private static WildcardPattern[] Compile(string[]? patterns) =>
        Array.ConvertAll(patterns ?? [], p => WildcardPattern.Get(p, WildcardOptions.IgnoreCase));
}
