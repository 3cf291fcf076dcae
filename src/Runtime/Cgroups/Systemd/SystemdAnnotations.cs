using System.Globalization;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>
/// Properties that a configuration gives by annotation: <c>org.systemd.property.TimeoutStopUSec: "uint64 90000000"</c>, values in GVariant's text format
/// (runc, docs/systemd.md). A name that ends in Sec means the USec property of a number of seconds.
/// </summary>
internal static class SystemdAnnotations
{
    private const string Prefix = "org.systemd.property.";
    private const string Seconds = "Sec";

    /// <summary>The properties.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/> with the annotation.</exception>
    public static IEnumerable<SystemdProperty> Of(IReadOnlyDictionary<string, string>? annotations)
    {
        foreach ((string key, string text) in annotations ?? new Dictionary<string, string>())
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            string name = key[Prefix.Length..];
            object value = name.Length > 0 && name.All(char.IsAsciiLetterOrDigit) && ParseAny(text.Trim()) is { } parsed
                ? parsed
                : throw Invalid(key, text);
            if (name.EndsWith(Seconds, StringComparison.Ordinal) && !name.EndsWith("USec", StringComparison.Ordinal))
            {
                name = name[..^Seconds.Length] + "USec";
                value = Microseconds(value) ?? throw Invalid(key, text);
            }

            yield return new SystemdProperty(name, value);
        }
    }

    // Lists hold no lists, so nothing here goes deeper than the text.
    private static object? ParseAny(string text)
    {
        if (text.Length < 2 || text[0] != '[' || text[^1] != ']') return Parse(text);
        string[] parts = text[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        object?[] values = [.. parts.Select(Parse)];
        return values.All(static value => value is string) ? values.Cast<string>().ToArray() : null;
    }

    private static object? Parse(string text)
    {
        if (text is "true" or "false") return text == "true";
        if (text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0])
        {
            string inner = text[1..^1];
            return inner.Contains(text[0], StringComparison.Ordinal) || inner.Contains('\\', StringComparison.Ordinal) ? null : inner;
        }

        int space = text.IndexOf(' ', StringComparison.Ordinal);
        string digits = space < 0 ? text : text[(space + 1)..].Trim();
        return (space < 0 ? "int32" : text[..space]) switch
        {
            "uint64" when ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) => number,
            "uint32" when uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) => number,
            "int64" when long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => number,
            "int32" when int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) => number,
            _ => null,
        };
    }

    private static object? Microseconds(object value)
    {
        const ulong Each = 1_000_000;
        ulong? seconds = value switch
        {
            int number and >= 0 => (ulong)number,
            uint number => number,
            long number and >= 0 => (ulong)number,
            ulong number => number,
            _ => null,
        };
        return seconds is { } given && given <= ulong.MaxValue / Each ? given * Each : null;
    }

    private static ContainerException Invalid(string key, string text) => new(
        ErrorCode.InvalidConfiguration, $"The annotation {key} is not a property of systemd: '{text}' must be a value in GVariant's text format, such as true, 'text' or uint64 5.", key);
}
