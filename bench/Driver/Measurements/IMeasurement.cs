using ContainerTools.Bench.Sampling;

namespace ContainerTools.Bench.Measurements;

/// <summary>One chapter of the bench.</summary>
internal interface IMeasurement
{
    /// <summary>The name by which it is chosen (<c>-Only</c>).</summary>
    string Name { get; }

    /// <summary>Measures, one comparison after the other. What it starts and makes is gone when the enumeration ends.</summary>
    IEnumerable<Comparison> Measure(BenchContext context);
}
