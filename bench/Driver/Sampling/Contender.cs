namespace ContainerTools.Bench.Sampling;

/// <summary>Something that is measured beside others.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Measure">Runs it once and returns what it took.</param>
internal sealed record Contender(string Name, Func<double> Measure)
{
    /// <summary>Done after each run, outside the measured time.</summary>
    public Action? CleanUp { get; init; }
}

/// <summary>The rest before each run.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Milliseconds">Its length; 0 for none.</param>
internal sealed record Gap(string Name, int Milliseconds)
{
    /// <summary>
    /// Both matter: the kernel does some work only after a rest (a first writer of the thread-group lock waits for an RCU grace period), and
    /// leaves some for later (the end of a network namespace), which the next run pays.
    /// </summary>
    public static IReadOnlyList<Gap> Both { get; } = [new("back to back", 0), new("after 50 ms", 50)];

    /// <summary>For what is not time, or takes so long that a rest does not matter.</summary>
    public static IReadOnlyList<Gap> None { get; } = [new("", 0)];
}
