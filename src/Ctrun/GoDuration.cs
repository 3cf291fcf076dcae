using System.Buffers;
using System.Globalization;

namespace ContainerTools.Ctrun;

/// <summary>Times as programs in Go write and read them: <c>1h30m</c>, <c>500ms</c>, <c>1.5s</c>; a bare number counts seconds.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");

    private static readonly (string Name, double Milliseconds)[] s_units =
        [("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("ms", 1), ("s", 1e3), ("m", 60e3), ("h", 3600e3)];

    /// <summary>Reads one; null if it is none.</summary>
    public static TimeSpan? Parse(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return null;
        int length = text.Length;
        double total = 0;
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExcept(s_number);
            ReadOnlySpan<char> number = digits < 0 ? text : text[..digits];
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)) return null;
            text = digits < 0 ? [] : text[digits..];
            int letters = text.IndexOfAny(s_number);
            ReadOnlySpan<char> name = letters < 0 ? text : text[..letters];
            text = text[name.Length..];
            if (name.IsEmpty)
            {
                // A number without a unit counts seconds, if it is all there is.
                return number.Length == length && value < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(value) : null;
            }

            double factor = 0;
            foreach ((string unit, double milliseconds) in s_units)
            {
                if (name.SequenceEqual(unit)) factor = milliseconds;
            }

            if (factor == 0) return null;
            total += value * factor;
        }

        return total < TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.FromMilliseconds(total) : null;
    }
}
