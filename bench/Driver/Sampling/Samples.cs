using System.Globalization;

namespace ContainerTools.Bench.Sampling;

/// <summary>What one contender took, run by run.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    /// <summary>All of them, in the order of measurement.</summary>
    public IReadOnlyList<double> Values => _values;

    /// <summary>Adds one.</summary>
    public void Add(double value) => _values.Add(value);

    /// <summary>The middle one, or the mean of the middle two.</summary>
    public double Median => Quantile(0.5);

    /// <summary>The smallest.</summary>
    public double Minimum => _values.Min();

    /// <summary>The largest.</summary>
    public double Maximum => _values.Max();

    private double Quantile(double part)
    {
        double[] sorted = [.. _values.Order()];
        double position = part * (sorted.Length - 1);
        int below = (int)position;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
    }

    /// <summary>median (minimum – maximum)</summary>
    public override string ToString() => $"{Format(Median)} ({Format(Minimum)} – {Format(Maximum)})";

    /// <summary>A number with as many digits as it deserves.</summary>
    public static string Format(double value) =>
        value.ToString(Math.Abs(value) switch { < 10 => "0.00", < 100 => "0.0", _ => "0" }, CultureInfo.InvariantCulture);
}
