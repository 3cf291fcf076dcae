using System.Diagnostics;
using System.Globalization;
using ContainerTools.Bench.Networks;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;

namespace ContainerTools.Bench.Measurements;

/// <summary>
/// 200 containers on one network, started by four sessions (or four commands) at a time, and then the look-up of their names in one of them.
/// </summary>
/// <remarks>
/// Each start is measured from its own call until the engine says that the container runs, which with us means that its network is complete. All 200 calls at once would
/// measure the length of the queue for two cores and nothing else: the last call would wait for 199 others, whoever makes it. With four at a time, what grows from the
/// first calls to the last is what the containers that are there already cost: locks, lists of addresses, the packet filter, the bridge. One call alone varies with
/// what else the machine does, so the first twenty and the last twenty are compared by their medians.
/// </remarks>
internal sealed class ParallelMeasurement : IMeasurement
{
    private const int Count = 200;
    private const int AtATime = 4;
    private const int Part = 20;
    private const int Rounds = 3;
    private const string LookUps = "400";
    private const string First = "the first 20", Last = "the last 20";

    /// <inheritdoc/>
    public string Name => "parallel";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        string[] names = [.. Enumerable.Range(0, Count).Select(static i => string.Create(CultureInfo.InvariantCulture, $"server-{i}"))];
        List<string> failures = [], notes = [];
        List<NetworkEngine> engines = NetworkEngine.OpenAll(context, failures, notes, AtATime, allHosts: false);
        try
        {
            List<Contender> totals = [], lookUps = [];
            List<string> growth = [];
            foreach (NetworkEngine engine in engines.ToArray())
            {
                string name = engine is ModuleEngine ? "ours" : engine.Name;
                engine.MakeNetwork("bench");
                List<(double Total, double First, double Last)> runs = [];
                // The others take minutes for one round: their containers are needed for the look-ups, and started once.
                for (int round = 0; round < (engine is ModuleEngine ? Math.Min(Rounds, context.Rounds) : 1); round++)
                {
                    if (round > 0) engine.Remove(names);
                    foreach (string container in names) engine.Create(container, "bench", null, "/bin/sleep", "1000000");
                    runs.Add(StartAll(engine, names));
                }

                int next = 0;
                totals.Add(new Contender(name, () => runs[next++ % runs.Count].Total));
                if (engine is ModuleEngine)
                {
                    int first = 0, last = 0;
                    yield return new Comparison
                    {
                        Title = $"a start among {Count} on one network, {AtATime} at a time (medians of each run)",
                        Contenders = [new(First, () => runs[first++ % runs.Count].First), new(Last, () => runs[last++ % runs.Count].Last)],
                        Gaps = Gap.None,
                        Targets = [new(Last, 2, First)],
                    }.Measure(runs.Count);
                }
                else
                {
                    growth.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: {First} {Samples.Format(runs[0].First)} ms each, {Last} {Samples.Format(runs[0].Last)} ms each."));
                }

                Command lookUp = engine.Inside(names[0], context.Native("lookup"), [engine.Resolver(names[0]), LookUps, .. names]);
                lookUps.Add(new Contender(name, () => double.Parse(lookUp.Read(), CultureInfo.InvariantCulture)));
            }

            Comparison total = new()
            {
                Title = $"{Count} containers on one network, started {AtATime} at a time",
                Contenders = totals,
                Gaps = Gap.None,
                Failures = failures,
                Targets = [new("ours", 1, "docker", "podman")],
            };
            total.Notes.AddRange(notes);
            total.Notes.AddRange(growth);
            total.Notes.Add($"Ours are started {Math.Min(Rounds, context.Rounds)} times, the others once.");
            yield return total.Measure(Math.Min(Rounds, context.Rounds));
            yield return new Comparison
            {
                Title = $"a look-up of a name in a network of {Count} containers, asked of the container's resolver over UDP (medians of {LookUps} look-ups)",
                Unit = "µs",
                Contenders = lookUps,
                Gaps = Gap.None,
                Targets = [new("ours", 1, "docker")],
            }.Measure(context.Rounds);
        }
        finally
        {
            foreach (NetworkEngine engine in engines)
            {
                if (engine is not ModuleEngine) engine.Remove(names);
                engine.Dispose();
            }
        }
    }

    private static (double Total, double First, double Last) StartAll(NetworkEngine engine, string[] names)
    {
        int next = -1;
        double[] times = new double[names.Length];
        Stopwatch watch = Stopwatch.StartNew();
        engine.Machine.RunTogether(AtATime, worker =>
        {
            while (Interlocked.Increment(ref next) is int number && number < names.Length) times[number] = engine.Start(names[number], worker);
        });
        double total = watch.Elapsed.TotalMilliseconds;
        return (total, Median(times[..Part]), Median(times[^Part..]));
    }

    private static double Median(double[] values)
    {
        Samples samples = new();
        foreach (double value in values) samples.Add(value);
        return samples.Median;
    }
}
