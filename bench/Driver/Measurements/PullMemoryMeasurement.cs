using System.Globalization;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>How far the memory of a process that pulls rises above what the idle process has.</summary>
internal sealed class PullMemoryMeasurement : IMeasurement
{
    private const int MostRounds = 10;

    /// <summary>As many as Docker lets an image have.</summary>
    private const int MostLayers = 127;

    /// <inheritdoc/>
    public string Name => "pull-memory";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        List<Action> undo = [];
        try
        {
            if (LoopbackRegistry.TryStart(context) is not { } registry) yield break;
            undo.Add(registry.Dispose);
            List<(string Title, string Reference)> pulled = [];
            foreach (SampleImage image in SampleImage.All(context))
            {
                using (image)
                {
                    pulled.Add((image.Title, registry.Add(image.Layers, Name(pulled.Count))));
                    pulled.Add(($"{image.Title}, zstd", registry.Add(image.Layers, Name(pulled.Count), "zstd")));
                }
            }

            if (SampleImage.TryInLayers(context, MostLayers) is { } most)
            {
                using (most) pulled.Add((most.Title, registry.Add(most.Layers, Name(pulled.Count))));
            }

            static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"bench/memory:{number}");

            List<string> failures = [];
            List<Contender> contenders = [];
            foreach (Session session in Session.OpenAll(context, failures))
            {
                undo.Add(session.Dispose);
                foreach ((string title, string reference) in pulled)
                {
                    contenders.Add(new Contender($"{session.Host.Name}, {title}", () => Rise(session, reference)) { CleanUp = () => session.Ask("remove-image", reference) });
                }
            }

            yield return new Comparison
            {
                Title = "peak of resident memory during a pull, above the idle process",
                Unit = "MiB",
                Contenders = contenders,
                Gaps = Gap.None,
                Failures = failures,
                Targets = [.. contenders.Select(contender => new Target(contender.Name, 64))],
            }.Measure(Math.Min(context.Rounds, MostRounds));
        }
        finally
        {
            foreach (Action action in Enumerable.Reverse(undo)) action();
        }
    }

    // The kernel's own high-water mark, set back before: no sampling misses a peak.
    private static double Rise(Session session, string reference)
    {
        _ = session.Ask("collect");
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{session.ProcessId}");
        double idle = Field(folder, "VmRSS:");
        File.WriteAllText($"{folder}/clear_refs", "5");
        _ = session.Ask("receive", reference);
        return Field(folder, "VmHWM:") - idle;
    }

    private static double Field(string folder, string name)
    {
        string line = File.ReadLines($"{folder}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
