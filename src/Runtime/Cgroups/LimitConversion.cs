using System.Globalization;
using System.Numerics;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// The specification speaks cgroup v1; these are its numbers in v2's scales, and back (runtime-spec config-linux.md and the
/// conversion that runc and crun agreed on in 2025, which maps the default of one scale to the default of the other).
/// </summary>
internal static class LimitConversion
{
    /// <summary>The least cpu.shares.</summary>
    public const long LeastShares = 2;
    /// <summary>The greatest cpu.shares.</summary>
    public const long MostShares = 262144;
    /// <summary>The least block weight.</summary>
    public const int LeastBlockWeight = 10;
    /// <summary>The greatest block weight.</summary>
    public const int MostBlockWeight = 1000;

    /// <summary>cpu.shares (2 to 262144, default 1024) as cpu.weight (1 to 10000, default 100).</summary>
    /// <remarks>A quadratic in log2(shares) through (2, 1), (1024, 100) and (262144, 10000).</remarks>
    public static long WeightFromShares(long shares)
    {
        if (shares <= LeastShares) return 1;
        if (shares >= MostShares) return 10000;
        double log = Math.Log2(shares);
        double exponent = ((log * log) + (125 * log)) / 612.0 - (7.0 / 34.0);
        double weight = Math.Pow(10, exponent);
        // Rounded up, but 100.00000000000004 is 100: pow and log2 are not exact, and the default must map to the default.
        return (long)Math.Ceiling(weight - (weight * 1e-12));
    }

    /// <summary>
    /// A cpu.shares value that <see cref="WeightFromShares"/> maps to this weight. Several do; this is the roundest in binary, so that
    /// the usual values (512, 1024, 2048) come back as they were given.
    /// </summary>
    public static long SharesFromWeight(long weight)
    {
        if (weight <= 1) return LeastShares;
        if (weight >= 10000) return MostShares;
        long most = Inverse(weight);
        long least = Inverse(weight - 1) + 1;
        // Rounding may be off by one at either end.
        while (WeightFromShares(most) > weight) most--;
        while (WeightFromShares(most + 1) == weight) most++;
        while (WeightFromShares(least) < weight) least++;
        while (WeightFromShares(least - 1) == weight) least--;
        long best = most;
        for (int bit = BitOperations.Log2((ulong)most); bit >= 0; bit--)
        {
            long candidate = most >> bit << bit;
            if (candidate < least) continue;
            best = candidate;
            break;
        }

        return best;
    }

    /// <summary>blkio.weight (10 to 1000) as io.weight (1 to 10000).</summary>
    public static long IOWeightFromBlockWeight(long weight) => 1 + ((weight - 10) * 9999 / 990);

    /// <summary>The blkio.weight that maps to this io.weight, or lies nearest below it.</summary>
    public static int BlockWeightFromIOWeight(long weight)
        => (int)Math.Clamp(10 + ((((weight - 1) * 990) + 9998) / 9999), LeastBlockWeight, MostBlockWeight);

    /// <summary>A processor or node list, <c>0-2,4</c>, as its numbers; null if it is not one.</summary>
    public static IReadOnlySet<int>? ParseList(string list)
    {
        const int Most = 8192;
        var numbers = new SortedSet<int>();
        foreach (string part in list.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Length == 0) continue;
            int dash = part.IndexOf('-', StringComparison.Ordinal);
            if (!TryParse(dash < 0 ? part : part[..dash], out int first)) return null;
            int last = first;
            if (dash >= 0 && !TryParse(part[(dash + 1)..], out last)) return null;
            if (last < first || last >= Most) return null;
            for (int number = first; number <= last; number++) numbers.Add(number);
        }

        return numbers;
    }

    private static bool TryParse(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static long Inverse(long weight)
    {
        double exponent = Math.Log10(weight) + (7.0 / 34.0);
        return (long)Math.Floor(Math.Pow(2, (-125 + Math.Sqrt((125.0 * 125.0) + (4 * 612 * exponent))) / 2));
    }
}
