using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using ContainerTools.Bench.Networks;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>
/// iperf3 from container to container, and from another machine through a published port. It runs in the containers' network namespaces, outside of all else that they
/// are: what is compared are the devices and the packet filter.
/// </summary>
internal sealed class ThroughputMeasurement : IMeasurement
{
    private const int Port = 5201;
    private const string Seconds = "2";
    private const int MostRounds = 15;

    /// <inheritdoc/>
    public string Name => "throughput";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        Tool iperf = Tool.Find("iperf3") ?? throw new BenchException("iperf3 is not installed (package iperf3).");
        List<string> failures = [], notes = [];
        List<NetworkEngine> engines = NetworkEngine.OpenAll(context, failures, notes, allHosts: false);
        List<int> servers = [];
        try
        {
            List<Contender> between = [], published = [];
            foreach (NetworkEngine engine in engines)
            {
                engine.MakeNetwork("bench");
                engine.Run("server", "bench", $"{Port}:{Port}", "/bin/sleep", "1000000");
                engine.Run("client", "bench", null, "/bin/sleep", "1000000");
                servers.Add(engine.Inside("server", iperf.Path, "--server").Start());
                Command inside = engine.Inside("client", iperf.Path, Client(engine.Address("server")));
                Command outside = new(context.Workspace, null, iperf.Path, Client(IPAddress.Parse(NetworkEngine.MachineAddress)));
                NetworkMachine neighbour = engine.Neighbour;
                Until(() => inside.TryRead() is not null, $"iperf3 in the container of {engine.Name}");
                between.Add(new Contender(NameOf(engine), () => Gigabits(inside.Read())));
                published.Add(new Contender(NameOf(engine), () => Gigabits(neighbour.Run(outside.Read))));
            }

            Comparison first = Compare("throughput from container to container, TCP", between);
            first.Failures.AddRange(failures);
            first.Notes.AddRange(notes);
            yield return first.Measure(Math.Min(context.Rounds, MostRounds));
            yield return Compare("throughput from another machine through a published port, TCP", published).Measure(Math.Min(context.Rounds, MostRounds));
        }
        finally
        {
            foreach (int server in servers)
            {
                _ = Libc.Kill(server, Libc.SignalKill);
                _ = Command.Wait(server);
            }

            foreach (NetworkEngine engine in engines)
            {
                if (engine is not ModuleEngine) engine.Remove("server", "client");
                engine.Dispose();
            }
        }
    }

    private static string NameOf(NetworkEngine engine) => engine is ModuleEngine ? "ours" : engine.Name;

    private static Comparison Compare(string title, List<Contender> contenders) => new()
    {
        Title = title,
        Unit = "Gbit/s",
        Contenders = contenders,
        Gaps = Gap.None,
        Targets = [new("ours", 0.95, "docker") { IsAtLeast = true }],
    };

    private static string[] Client(IPAddress server)
        => ["--client", server.ToString(), "--port", Port.ToString(CultureInfo.InvariantCulture), "--time", Seconds, "--omit", "0", "--json"];

    private static double Gigabits(string json) => (double)JsonNode.Parse(json)!["end"]!["sum_received"]!["bits_per_second"]! / 1e9;

    private static void Until(Func<bool> condition, string what)
    {
        for (int i = 0; i < 100; i++)
        {
            if (condition()) return;
            Thread.Sleep(100);
        }

        throw new BenchException($"{what} does not answer.");
    }
}
