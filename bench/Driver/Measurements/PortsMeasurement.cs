using System.Globalization;
using ContainerTools.Bench.Networks;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>A start with a published port where a thousand are published already, beside one where none is.</summary>
internal sealed class PortsMeasurement : IMeasurement
{
    private const string Without = "with no other port", With = "with 1,000 other ports";

    /// <inheritdoc/>
    public string Name => "ports";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        if (context.Hosts.Count == 0) yield break;
        using ModuleEngine empty = new(context, context.Hosts[^1], 1), full = new(context, context.Hosts[^1], 1);
        foreach (ModuleEngine engine in (ModuleEngine[])[empty, full]) engine.Load(context.NetworkImage);
        for (int i = 0; i < 10; i++)
        {
            string number = i.ToString(CultureInfo.InvariantCulture);
            full.Run($"many-{number}", null, $"1{number}000-1{number}099:1-100", "/bin/sleep", "1000000");
        }

        Comparison comparison = new Comparison
        {
            Title = "Start-Container -Network bridge -Publish 8080:80",
            Contenders = [Start(empty, Without), Start(full, With)],
            Targets = [new(With, 1.15, Without)],
        }.Measure(context.Rounds);
        if (Tool.Find("nft") is { } nft)
        {
            Command list = new(context.Workspace, null, nft.Path, "list", "table", "inet", "containertools");
            foreach ((ModuleEngine engine, string name) in ((ModuleEngine, string)[])[(empty, Without), (full, With)])
            {
                string text = engine.Machine.Run(list.Read);
                comparison.Notes.Add(string.Create(CultureInfo.InvariantCulture, $"nft list table, {name}: {text.Split('\n').Length} lines"));
            }
        }

        yield return comparison;
    }

    private static Contender Start(ModuleEngine engine, string name) => new(name, () =>
    {
        engine.Create("start", null, "8080:80", "/bin/sleep", "1000000");
        return engine.Start("start");
    })
    {
        CleanUp = () => engine.Remove("start"),
    };
}
