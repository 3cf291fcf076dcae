using System.Collections;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;

namespace ContainerTools.Shell.Objects;

/// <summary>
/// What <c>-Property</c> takes: a name (with wildcards), a script block, or a hash table with Name/Label, Expression, Ascending,
/// Descending. Keys may be abbreviated, as everywhere in PowerShell.
/// </summary>
internal sealed class PropertySelector
{
    private readonly PSPropertyExpression _expression;

    private PropertySelector(PSPropertyExpression expression) => _expression = expression;

    /// <summary>The name given for the result, or null to use the property's own.</summary>
    public string? Name { get; private init; }

    /// <summary>The direction given for this key alone, or null.</summary>
    public bool? IsDescending { get; private init; }

    public bool HasWildcard => _expression.HasWildCardCharacters;

    public static PropertySelector[] Parse(object[]? properties) => properties is null ? [] : Array.ConvertAll(properties, Parse);

    public static PropertySelector Parse(object property)
    {
        object value = property is PSObject wrapped ? wrapped.BaseObject : property;
        switch (value)
        {
            case string text: return new PropertySelector(new PSPropertyExpression(text));
            case ScriptBlock block: return new PropertySelector(new PSPropertyExpression(block)) { Name = block.ToString() };
            case IDictionary table: return Parse(table);
            default: return new PropertySelector(new PSPropertyExpression(LanguagePrimitives.ConvertTo<string>(value)));
        }
    }

    /// <summary>The properties of <paramref name="item"/> that this selects, with their values; a value that throws is null.</summary>
    public IEnumerable<(string Name, object? Value)> Select(PSObject item)
    {
        if (_expression.Script is not null)
        {
            yield return (Name ?? _expression.ToString(), Value(_expression, item));
            yield break;
        }
        bool isFound = false;
        foreach (PSPropertyExpression resolved in _expression.ResolveNames(item, expand: true))
        {
            isFound = true;
            yield return (Name ?? resolved.ToString(), Value(resolved, item));
        }
        if (!isFound && !HasWildcard)
            yield return (Name ?? _expression.ToString(), null);
    }

    /// <summary>The one value for <paramref name="item"/>, or null where it has none.</summary>
    public object? Get(PSObject item) => TryGet(item, out object? value) ? value : null;

    /// <summary>Whether <paramref name="item"/> has the property at all.</summary>
    public bool TryGet(PSObject item, out object? value)
    {
        List<PSPropertyExpressionResult> results = _expression.GetValues(item);
        value = results.Count > 0 && results[0].Exception is null ? results[0].Result : null;
        return results.Count > 0 && results[0].Exception is null;
    }

    public override string ToString() => Name ?? _expression.ToString();

    private static object? Value(PSPropertyExpression expression, PSObject item)
    {
        List<PSPropertyExpressionResult> results = expression.GetValues(item);
        return results.Count > 0 && results[0].Exception is null ? results[0].Result : null;
    }

    private static PropertySelector Parse(IDictionary table)
    {
        string? name = null;
        object? expression = null;
        bool? isDescending = null;
        foreach (DictionaryEntry entry in table)
        {
            string key = entry.Key.ToString() ?? "";
            if (Is(key, "Name") || Is(key, "Label"))
                name = entry.Value?.ToString();
            else if (Is(key, "Expression"))
                expression = entry.Value is PSObject wrapped ? wrapped.BaseObject : entry.Value;
            else if (Is(key, "Descending"))
                isDescending = LanguagePrimitives.IsTrue(entry.Value);
            else if (Is(key, "Ascending"))
                isDescending = !LanguagePrimitives.IsTrue(entry.Value);
            else
                throw new PSArgumentException($"The key '{key}' is not valid here. Valid are Name, Label, Expression, Ascending, Descending.");
        }
        PSPropertyExpression parsed = expression switch
        {
            ScriptBlock block => new PSPropertyExpression(block),
            null => new PSPropertyExpression(name ?? throw new PSArgumentException("A property table needs the key Expression.")),
            _ => new PSPropertyExpression(LanguagePrimitives.ConvertTo<string>(expression)),
        };
        return new PropertySelector(parsed) { Name = name ?? (expression as ScriptBlock)?.ToString(), IsDescending = isDescending };
    }

    private static bool Is(string key, string full) => key.Length > 0 && full.StartsWith(key, StringComparison.OrdinalIgnoreCase);
}
