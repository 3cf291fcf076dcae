using System.Globalization;

namespace ContainerTools.Module.Parameters;

/// <summary>Sizes in bytes as people write them: <c>512MB</c>, <c>512m</c>, <c>1.5g</c>, <c>64KiB</c>, <c>1073741824</c>; units are powers of 1024.</summary>
internal static class ByteSize
{
    /// <summary>Reads a size; <c>-1</c> and <c>unlimited</c> are -1.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        text = text.Trim();
        if (text is "-1" || text.Equals("unlimited", StringComparison.OrdinalIgnoreCase))
        {
            bytes = -1;
            return true;
        }

        int end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1])) end--;
        // The E of 1E+10, as a large double turns into text, is not at the end.
        if (Factor(text[end..]) is not { } factor
            || !decimal.TryParse(text.AsSpan(0, end).TrimEnd(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out decimal number))
        {
            return false;
        }

        try
        {
            bytes = decimal.ToInt64(decimal.Floor(number * factor));
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    private static long? Factor(string unit) => unit.ToLowerInvariant() switch
    {
        "" or "b" => 1,
        "k" or "kb" or "kib" => 1L << 10,
        "m" or "mb" or "mib" => 1L << 20,
        "g" or "gb" or "gib" => 1L << 30,
        "t" or "tb" or "tib" => 1L << 40,
        "p" or "pb" or "pib" => 1L << 50,
        _ => null,
    };
}
