using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ContainerTools.Runtime.Tests.Launch;

/// <summary>A plan read back from its text: what one line says, and the line again.</summary>
internal sealed partial record PlanText(
    int Index, string Call, string Arguments, string? Result, int? Done, IReadOnlyList<(string Errno, int? To)> Ignored, string Words, string Section)
{
    [GeneratedRegex(@"^ *(?<index>\d+)  (?<call>[a-z0-9_]+)\((?<arguments>.*?)\)(?: -> \$(?<result>.*?))?(?<outcomes>(?:  \[[^\]]*\])*)  ; (?<words>.*)  # (?<section>[^#]*#?[^#]*)$")]
    private static partial Regex Line { get; }

    [GeneratedRegex(@"\[(?<what>[A-Za-z0-9]+)(?:: to (?<to>\d+))?\]")]
    private static partial Regex Outcome { get; }

    /// <summary>Reads a plan; a line that is none fails.</summary>
    public static IReadOnlyList<PlanText> Parse(string text)
        => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line =>
        {
            Match match = Line.Match(line);
            if (!match.Success) throw new FormatException($"'{line}' is not a step.");
            int? done = null;
            List<(string, int?)> ignored = [];
            foreach (Match outcome in Outcome.Matches(match.Groups["outcomes"].Value))
            {
                int? to = outcome.Groups["to"].Success ? Number(outcome.Groups["to"]) : null;
                if (outcome.Groups["what"].Value == "done") done = to;
                else ignored.Add((outcome.Groups["what"].Value, to));
            }

            return new PlanText(
                Number(match.Groups["index"]), match.Groups["call"].Value, match.Groups["arguments"].Value,
                match.Groups["result"].Success ? match.Groups["result"].Value : null, done, ignored, match.Groups["words"].Value, match.Groups["section"].Value);
        })];

    /// <summary>The text again.</summary>
    public static string Print(IReadOnlyList<PlanText> steps)
    {
        StringBuilder text = new();
        foreach (PlanText step in steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"{step.Index,4}  {step.Call}({step.Arguments})");
            if (step.Result is not null) text.Append(" -> $").Append(step.Result);
            if (step.Done is { } done) text.Append(CultureInfo.InvariantCulture, $"  [done: to {done}]");
            foreach ((string errno, int? to) in step.Ignored) text.Append("  [").Append(errno).Append(to is { } target ? string.Create(CultureInfo.InvariantCulture, $": to {target}") : "").Append(']');
            text.Append("  ; ").Append(step.Words).Append("  # ").Append(step.Section).Append('\n');
        }

        return text.ToString();
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);
}
