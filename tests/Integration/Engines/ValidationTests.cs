using System.Globalization;
using System.Text;
using ContainerTools.Integration.Tests.Ctrun;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>
/// The validation programs of the OCI runtime-tools, run on crun, runc and ctrun. The distribution's package has the libraries without the programs, so
/// CONTAINERTOOLS_RUNTIME_TOOLS names a checkout in which they have been made (<c>runtimetest</c>, <c>validation/*/*.t</c>).
/// </summary>
public sealed class ValidationTests(ITestOutputHelper output)
{
    private const string Variable = "CONTAINERTOOLS_RUNTIME_TOOLS";

    /// <summary>What ctrun does otherwise on purpose: program, words in the assertions that are meant (all, if empty), and the reason.</summary>
    private static readonly Dictionary<string, (string Assertion, string Reason)> s_otherwise = new()
    {
        ["process_capabilities_fail"] = ("", "the creation is refused, which is what the program wants; the others let it run"),
    };

    /// <summary>
    /// Some programs have a race: <c>poststart</c> wants the process's first output before the hook's, though the hook may start as soon as the process has been executed;
    /// <c>pidfile</c> wants its <c>true</c> to run yet when it is killed. Where ctrun falls behind it may try this often; and what the others do not pass as often is luck.
    /// </summary>
    private const int Tries = 5;

    [Fact]
    public void Ctrun_passes_whatever_crun_or_runc_pass()
    {
        Assert.SkipWhen(EngineSandbox.Obstacle("crun", "runc") is not null, EngineSandbox.Obstacle("crun", "runc") ?? "");
        string? checkout = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(checkout), $"{Variable} does not name a checkout of github.com/opencontainers/runtime-tools with its programs made");
        string[] before = Cgroups();
        try
        {
            Compare(checkout!);
        }
        finally
        {
            foreach (string left in Cgroups().Except(before)) EngineSandbox.WaitUntil(() => EngineSandbox.RemoveTree(left), $"removing {left}");
        }
    }

    private void Compare(string checkout)
    {
        using EngineSandbox sandbox = EngineSandbox.Create();
        string[] programs = Copy(sandbox, checkout);
        string[] runtimes = [EngineSandbox.Find("crun")!, EngineSandbox.Find("runc")!, EngineSandbox.Ctrun];
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"{"program",-34}{"crun",-15}{"runc",-15}{"ctrun",-15}");
        List<string> missing = [];
        foreach (string program in programs)
        {
            ValidationResult[] results = [.. runtimes.Select(runtime => Run(sandbox, program, runtime))];
            for (int i = 1; i < Tries && Missing(results).Any(); i++)
            {
                ValidationResult again = Run(sandbox, program, runtimes[2]);
                results[2] = again.Bad < results[2].Bad || again.Passed ? again : results[2] with { Good = [.. results[2].Good.Union(again.Good)] };
            }

            for (int i = 1; i < Tries && Missing(results).Any(); i++)
            {
                for (int other = 0; other < 2; other++)
                {
                    ValidationResult again = Run(sandbox, program, runtimes[other]);
                    results[other] = results[other] with { Good = [.. results[other].Good.Intersect(again.Good)], Bad = Math.Max(results[other].Bad, again.Bad) };
                }
            }

            bool differs = s_otherwise.TryGetValue(program, out (string Assertion, string Reason) otherwise);
            table.AppendLine(CultureInfo.InvariantCulture, $"{program,-34}{results[0],-15}{results[1],-15}{results[2],-15}{otherwise.Reason}");
            missing.AddRange(Missing(results)
                .Where(what => !differs || !what.Contains(otherwise.Assertion, StringComparison.Ordinal)).Select(what => $"{program}: {what}"));
        }

        output.WriteLine(table.ToString());
        Assert.Empty(missing);
    }

    /// <summary>What one of the others passes and ctrun does not.</summary>
    private static IEnumerable<string> Missing(ValidationResult[] results)
        => results[2].Passed ? [] : results[0].Good.Union(results[1].Good).Except(results[2].Good);

    private static string[] Copy(EngineSandbox sandbox, string checkout)
    {
        sandbox.Shell(
            $"mkdir programs && cp '{checkout}'/rootfs-*.tar.gz '{checkout}'/runtimetest . && for made in '{checkout}'/validation/*/*.t; "
            + "do cp \"$made\" programs/$(basename \"$made\" .t); done && mount -t tmpfs tmpfs /run");
        return sandbox.Shell("ls programs").Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static ValidationResult Run(EngineSandbox sandbox, string program, string runtime)
    {
        CommandResult result = sandbox.Run("env", $"RUNTIME={runtime}", $"TMPDIR={sandbox.Folder}", "timeout", "120", $"programs/{program}");
        return ValidationResult.Parse(result);
    }

    /// <summary>The cgroups at the top of each hierarchy that the programs may have made: they name theirs cgrouptest, or by a UUID.</summary>
    private static string[] Cgroups()
        => [
            .. ((string[])["/sys/fs/cgroup", .. Directory.GetDirectories("/sys/fs/cgroup")]).SelectMany(Directory.GetDirectories)
                .Where(folder => Path.GetFileName(folder) is "cgrouptest" or "testdir" || Guid.TryParse(Path.GetFileName(folder), out _)),
        ];
}
