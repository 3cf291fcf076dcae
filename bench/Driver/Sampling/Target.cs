namespace ContainerTools.Bench.Sampling;

/// <summary>What one contender's median may be: a multiple of another's, or a number.</summary>
/// <param name="Subject">Whose median.</param>
/// <param name="Limit">The largest allowed ratio, or value.</param>
/// <param name="References">The contenders it is compared with, the fastest of which counts; empty for an absolute value.</param>
internal sealed record Target(string Subject, double Limit, params string[] References)
{
    /// <summary>The limit is what the subject may take more than the other, in the unit of the values, and not a multiple.</summary>
    public bool IsDifference { get; init; }

    /// <summary>More is better: the ratio is to be at least the limit, of the largest of the others.</summary>
    public bool IsAtLeast { get; init; }
}
