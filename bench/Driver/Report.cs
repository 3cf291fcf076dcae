using System.Globalization;
using System.Text.Json.Nodes;
using ContainerTools.Bench.Sampling;

namespace ContainerTools.Bench;

/// <summary>The table, and the same as JSON with every single value.</summary>
internal sealed class Report(TextWriter output)
{
    private readonly List<Comparison> _comparisons = [];
    private readonly List<string> _failures = [];

    /// <summary>Whether a measurement could not be made.</summary>
    public bool HasFailed => _failures.Count > 0;

    /// <summary>A block of lines.</summary>
    public void Write(string heading, IEnumerable<string> lines)
    {
        output.WriteLine(heading);
        foreach (string line in lines) output.WriteLine($"  {line}");
        output.WriteLine();
    }

    /// <summary>Adds a comparison and shows it.</summary>
    public void Add(Comparison comparison)
    {
        _comparisons.Add(comparison);
        foreach (string failure in comparison.Failures) Fail(comparison.Title, failure);
        if (comparison.Contenders.Count == 0) return;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{comparison.Title}: {comparison.Unit}, median (minimum – maximum) of {comparison.Rounds}"));
        int width = comparison.Contenders.Max(contender => contender.Name.Length) + 2;
        if (comparison.Gaps.Count > 1) output.WriteLine($"  {"".PadRight(width)}{string.Concat(comparison.Gaps.Select(gap => gap.Name.PadRight(28)))}".TrimEnd());
        foreach (Contender contender in comparison.Contenders)
        {
            output.WriteLine($"  {contender.Name.PadRight(width)}{string.Concat(comparison.Gaps.Select(gap => comparison[gap, contender.Name].ToString().PadRight(28)))}".TrimEnd());
        }

        foreach (Verdict verdict in comparison.Judge()) output.WriteLine($"  → {Describe(verdict)}");
        foreach (string note in comparison.Notes) output.WriteLine($"  {note}");
        output.WriteLine();
        output.Flush();
    }

    /// <summary>A measurement that could not be made.</summary>
    public void Fail(string measurement, string message)
    {
        _failures.Add($"{measurement}: {message}");
        output.WriteLine($"{measurement}: NOT MEASURED: {message}");
        output.WriteLine();
    }

    /// <summary>All targets in one place.</summary>
    public void WriteTargets()
    {
        Verdict[] verdicts = [.. _comparisons.SelectMany(comparison => comparison.Judge())];
        Write("Targets", verdicts.Select(verdict => $"{(verdict.Value is null ? "—     " : verdict.Met ? "met   " : "MISSED")}  {verdict.Title}: {Describe(verdict, withWord: false)}"));
        if (_failures.Count > 0) Write("Not measured", _failures);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{verdicts.Count(verdict => verdict.Met)} targets met, {verdicts.Count(verdict => verdict.Value is not null && !verdict.Met)} missed, {verdicts.Count(verdict => verdict.Value is null) + _failures.Count} not measured"));
    }

    /// <summary>Everything, for another program.</summary>
    public void WriteJson(string path, IEnumerable<string> machine, IEnumerable<string> versions)
    {
        JsonArray comparisons = [];
        foreach (Comparison comparison in _comparisons)
        {
            JsonObject gaps = [];
            foreach (Gap gap in comparison.Gaps)
            {
                JsonObject values = [];
                foreach (Contender contender in comparison.Contenders)
                {
                    values[contender.Name] = new JsonArray([.. comparison[gap, contender.Name].Values.Select(value => (JsonNode)Math.Round(value, 4))]);
                }

                gaps[gap.Name] = values;
            }

            comparisons.Add((JsonNode)new JsonObject { ["title"] = comparison.Title, ["unit"] = comparison.Unit, ["values"] = gaps });
        }

        File.WriteAllText(path, new JsonObject
        {
            ["machine"] = new JsonArray([.. machine.Select(line => (JsonNode)line)]),
            ["versions"] = new JsonArray([.. versions.Select(line => (JsonNode)line)]),
            ["comparisons"] = comparisons,
        }.ToJsonString());
    }

    private static string Describe(Verdict verdict, bool withWord = true)
    {
        string limit = Samples.Format(verdict.Target.Limit);
        string bound = verdict.Target.IsAtLeast ? "≥" : "≤";
        if (verdict.Value is not { } value) return $"{verdict.Target.Subject} {bound} {limit} × {verdict.Reference}: not measured, one of them is missing";
        string gap = verdict.Gap.Length > 0 ? $" {verdict.Gap}" : "";
        string text = verdict.Target.References.Length == 0 || verdict.Target.IsDifference
            ? $"{verdict.Target.Subject}{gap}: {Samples.Format(value)} {verdict.Reference}, target {bound} {limit}"
            : $"{verdict.Target.Subject}{gap}: {Samples.Format(value)} × {verdict.Reference}, target {bound} {limit}";
        return withWord ? $"{text}: {(verdict.Met ? "met" : "MISSED")}" : text;
    }
}
