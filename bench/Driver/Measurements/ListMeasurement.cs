using System.Globalization;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>Get-Container with many containers, in a warm session.</summary>
internal sealed class ListMeasurement : IMeasurement
{
    private static readonly int[] s_counts = [100, 300, 1000];

    /// <inheritdoc/>
    public string Name => "list";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        foreach (PowerShellHost host in context.Hosts)
        {
            List<Session> sessions = [];
            try
            {
                List<string> failures = [];
                List<Contender> contenders = [];
                foreach (int count in s_counts)
                {
                    string number = count.ToString(CultureInfo.InvariantCulture);
                    if (Session.TryOpen(context, host, failures) is not { } session) break;
                    sessions.Add(session);
                    _ = session.Ask("create", BenchContext.SmallImageReference, number);
                    contenders.Add(new Contender($"{number} containers", () => session.Time("list", number)));
                }

                Comparison comparison = new Comparison
                {
                    Title = $"Get-Container, {host.Name}",
                    Contenders = contenders,
                    Gaps = Gap.None,
                    Failures = failures,
                    Targets = [new("1000 containers", 150)],
                }.Measure(context.Rounds);
                comparison.Notes.Add("per container: " + string.Join(", ", contenders.Zip(s_counts).Select(pair =>
                    $"{Samples.Format(comparison[Gap.None[0], pair.First.Name].Median * 1000 / pair.Second)} µs of {pair.Second.ToString(CultureInfo.InvariantCulture)}")));
                yield return comparison;
            }
            finally
            {
                foreach (Session session in sessions) session.Dispose();
            }
        }
    }
}
