namespace ContainerTools.Bench.Sampling;

/// <summary>
/// Contenders measured in one interleaved run: every round runs each of them once, in an order drawn anew, so that what else
/// happens on the machine, and what one leaves to the next, falls on all alike.
/// </summary>
internal sealed class Comparison
{
    private const int WarmUpRounds = 3;
    private readonly Dictionary<(string Gap, string Contender), Samples> _samples = [];

    /// <summary>What is measured.</summary>
    public required string Title { get; init; }

    /// <summary>The unit of the values.</summary>
    public string Unit { get; init; } = "ms";

    /// <summary>Who is measured.</summary>
    public required IReadOnlyList<Contender> Contenders { get; init; }

    /// <summary>The rests.</summary>
    public IReadOnlyList<Gap> Gaps { get; init; } = Gap.Both;

    /// <summary>What is aimed at.</summary>
    public IReadOnlyList<Target> Targets { get; init; } = [];

    /// <summary>Said below the table.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>What could not be measured though it should have been.</summary>
    public List<string> Failures { get; init; } = [];

    /// <summary>How many rounds were run.</summary>
    public int Rounds { get; private set; }

    /// <summary>The values of one contender at one gap.</summary>
    public Samples this[Gap gap, string contender] => _samples[(gap.Name, contender)];

    /// <summary>Measures.</summary>
    public Comparison Measure(int rounds)
    {
        Rounds = rounds;
        Contender[] order = [.. Contenders];
        // Always the same "random" order: two runs of the bench differ in the machine only.
        Random random = new(20250101);
        foreach (Gap gap in Gaps)
        {
            foreach (Contender contender in order) _samples[(gap.Name, contender.Name)] = new Samples();
            for (int round = -Math.Min(WarmUpRounds, rounds); round < rounds; round++)
            {
                random.Shuffle(order);
                foreach (Contender contender in order)
                {
                    if (gap.Milliseconds > 0) Thread.Sleep(gap.Milliseconds);
                    double value = contender.Measure();
                    contender.CleanUp?.Invoke();
                    if (round >= 0) _samples[(gap.Name, contender.Name)].Add(value);
                }
            }
        }

        return this;
    }

    /// <summary>Every target at every gap, with what was measured.</summary>
    public IEnumerable<Verdict> Judge()
    {
        foreach (Target target in Targets)
        {
            string[] references = [.. target.References.Where(name => Contenders.Any(contender => contender.Name == name))];
            if (!Contenders.Any(contender => contender.Name == target.Subject) || (references.Length == 0 && target.References.Length > 0))
            {
                yield return new Verdict(Title, "", target, string.Join(" or ", target.References), null);
                continue;
            }

            foreach (Gap gap in Gaps)
            {
                double value = this[gap, target.Subject].Median;
                if (references.Length == 0)
                {
                    yield return new Verdict(Title, gap.Name, target, Unit, value);
                    continue;
                }

                string best = (target.IsAtLeast ? references.MaxBy(name => this[gap, name].Median) : references.MinBy(name => this[gap, name].Median))!;
                double other = this[gap, best].Median;
                yield return target.IsDifference
                    ? new Verdict(Title, gap.Name, target, $"{Unit} more than {best}", value - other)
                    : new Verdict(Title, gap.Name, target, best, value / other);
            }
        }
    }
}

/// <summary>A target beside what was measured.</summary>
/// <param name="Title">The comparison.</param>
/// <param name="Gap">The rest before each run.</param>
/// <param name="Target">The target.</param>
/// <param name="Reference">What the value is a multiple of, or its unit.</param>
/// <param name="Value">The ratio or the value; null where one of the two is not on this machine.</param>
internal sealed record Verdict(string Title, string Gap, Target Target, string Reference, double? Value)
{
    /// <summary>Whether the target is met.</summary>
    public bool Met => Target.IsAtLeast ? Value >= Target.Limit : Value <= Target.Limit;
}
