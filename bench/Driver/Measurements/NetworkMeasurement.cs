using ContainerTools.Bench.Networks;
using ContainerTools.Bench.Sampling;

namespace ContainerTools.Bench.Measurements;

/// <summary>What a network adds to a start, and how long it takes from a start to the first byte over a published port, for a client on another machine.</summary>
internal sealed class NetworkMeasurement : IMeasurement
{
    private const string None = "-Network none", Bridge = "-Network bridge", Published = "-Network bridge -Publish 8080:80";
    private const int Port = 8080, MostEager = 15;

    /// <inheritdoc/>
    public string Name => "network";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        List<string> failures = [], notes = [];
        List<NetworkEngine> engines = NetworkEngine.OpenAll(context, failures, notes);
        try
        {
            foreach (ModuleEngine engine in engines.OfType<ModuleEngine>())
            {
                yield return new Comparison
                {
                    Title = $"Start-Container with a network, {engine.Name}",
                    Contenders = [Start(engine, None, "none", null), Start(engine, Bridge, "bridge", null), Start(engine, Published, "bridge", "8080:80")],
                    Targets = [new(Published, 8, None) { IsDifference = true }],
                }.Measure(context.Rounds);
            }

            Comparison comparison = FirstBytes(engines, "from a start to the first byte over a published port, for another machine that connects when the container runs", eager: false);
            comparison.Failures.AddRange(failures);
            comparison.Notes.AddRange(notes);
            yield return comparison.Measure(context.Rounds);
            // Whoever lets the port lead to a container before it can be heard makes an eager client wait a second, for the kernel's second question for the hardware address.
            yield return FirstBytes(engines, "the same for a client that has tried from the beginning", eager: true).Measure(Math.Min(context.Rounds, MostEager));
        }
        finally
        {
            foreach (NetworkEngine engine in engines) engine.Dispose();
        }
    }

    private static Contender Start(NetworkEngine engine, string name, string network, string? publish) => new(name, () =>
    {
        engine.Create("start", network, publish, "/bin/sleep", "1000000");
        return engine.Start("start");
    })
    {
        CleanUp = () => engine.Remove("start"),
    };

    private static Comparison FirstBytes(List<NetworkEngine> engines, string title, bool eager)
    {
        List<Contender> contenders = [];
        List<Target> targets = [];
        foreach (NetworkEngine engine in engines)
        {
            void Run() => engine.Run("first", null, "8080:80", "/bin/serve");
            if (engine is not ModuleEngine)
            {
                contenders.Add(FirstByteOf(engine, $"{engine.Name} run --detach --publish", static () => { }, Run, eager));
                continue;
            }

            string whole = $"New-Container | Start-Container, {engine.Name}", start = $"Start-Container, {engine.Name}";
            contenders.Add(FirstByteOf(engine, whole, static () => { }, Run, eager));
            contenders.Add(FirstByteOf(engine, start, () => engine.Create("first", null, "8080:80", "/bin/serve"), () => engine.Start("first"), eager));
            targets.AddRange(((string[])[whole, start]).SelectMany(static name =>
                ((string[])["podman run --detach --publish", "docker run --detach --publish"]).Select(peer => new Target(name, 0.3, peer))));
        }

        return new Comparison { Title = title, Contenders = contenders, Gaps = Gap.None, Targets = targets };
    }

    private static Contender FirstByteOf(NetworkEngine engine, string name, Action prepare, Action start, bool eager) => new(name, () =>
    {
        prepare();
        return FirstByte.Measure(engine, Port, start, eager);
    })
    {
        CleanUp = () => engine.Remove("first"),
    };
}
