using System.Globalization;
using System.Text.RegularExpressions;
using ContainerTools.Integration.Tests.Ctrun;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>What a validation program said, in the Test Anything Protocol.</summary>
/// <param name="Good">The assertions that held.</param>
/// <param name="Bad">How many did not.</param>
/// <param name="ExitCode">The program's exit code.</param>
internal sealed partial record ValidationResult(IReadOnlyList<string> Good, int Bad, int ExitCode)
{
    /// <summary>Whether nothing was wrong.</summary>
    public bool Passed => ExitCode == 0 && Bad == 0;

    /// <summary>Reads it.</summary>
    public static ValidationResult Parse(CommandResult result)
    {
        List<string> good = [];
        int bad = 0;
        foreach (string line in result.Output.Split('\n'))
        {
            if (line.StartsWith("not ok", StringComparison.Ordinal)) bad++;
            // Numbers, temporary folders and identifiers differ from run to run.
            else if (line.StartsWith("ok ", StringComparison.Ordinal)) good.Add(Changing().Replace(line, ""));
        }

        // Programs about hooks assert nothing: they end, and describe an error where there was one.
        if (good.Count + bad == 0 && result.ExitCode == 0)
        {
            if (result.Output.Contains("\"error\": ", StringComparison.Ordinal)) bad = 1;
            else good.Add("ends without an error");
        }

        return new ValidationResult(good, bad, result.ExitCode);
    }

    public override string ToString()
    {
        string code = ExitCode == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" exit {ExitCode}");
        return string.Create(CultureInfo.InvariantCulture, $"{Good.Count}/{Good.Count + Bad}{code}");
    }

    [GeneratedRegex("^ok [0-9]+ - |ocitest[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}|pid [0-9]+")]
    private static partial Regex Changing();
}
