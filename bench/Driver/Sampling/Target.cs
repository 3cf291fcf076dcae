namespace ContainerTools.Bench.Sampling;

/// <summary>What one contender's median may be: a multiple of another's, or a number.</summary>
/// <param name="Subject">Whose median.</param>
/// <param name="Limit">The largest allowed ratio, or value.</param>
/// <param name="References">The contenders it is compared with, the fastest of which counts; empty for an absolute value.</param>
internal sealed record Target(string Subject, double Limit, params string[] References);
