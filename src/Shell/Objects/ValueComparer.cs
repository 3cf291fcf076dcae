using System.Globalization;
using System.Management.Automation;

namespace ContainerTools.Shell.Objects;

/// <summary>Orders values as PowerShell's operators do; what cannot be compared is compared as text; null comes first.</summary>
internal sealed class ValueComparer(bool caseSensitive, CultureInfo culture) : IComparer<object?>, IEqualityComparer<object?>
{
    public int Compare(object? x, object? y)
    {
        x = Unwrap(x);
        y = Unwrap(y);
        if (x is null || y is null)
            return x is null ? (y is null ? 0 : -1) : 1;
        if (x is string || y is string)
            return string.Compare(Text(x), Text(y), culture, caseSensitive ? CompareOptions.None : CompareOptions.IgnoreCase);
        return LanguagePrimitives.TryCompare(x, y, !caseSensitive, culture, out int result)
            ? result
            : string.Compare(Text(x), Text(y), culture, caseSensitive ? CompareOptions.None : CompareOptions.IgnoreCase);
    }

    bool IEqualityComparer<object?>.Equals(object? x, object? y) => Compare(x, y) == 0;

    int IEqualityComparer<object?>.GetHashCode(object? value) => Text(Unwrap(value)).ToUpperInvariant().GetHashCode(StringComparison.Ordinal);

    private static object? Unwrap(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    private static string Text(object? value) => value is null ? "" : PSObject.AsPSObject(value).ToString();
}
