using System.Globalization;
using System.Text;
using ContainerTools.Integration.Tests.Ctrun;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>
/// The validation programs of the OCI runtime-tools, run on crun, runc and ctrun. The distribution's package has the libraries without the programs, so they are
/// built from a checkout that CONTAINERTOOLS_RUNTIME_TOOLS names.
/// </summary>
public sealed class ValidationTests(ITestOutputHelper output)
{
    private const string Variable = "CONTAINERTOOLS_RUNTIME_TOOLS";

    /// <summary>What ctrun does otherwise on purpose: program, words in the assertions that are meant (all, if empty), and the reason.</summary>
    private static readonly Dictionary<string, (string Assertion, string Reason)> s_otherwise = new()
    {
        ["hooks_stdin"] = ("\"prestart\"", "hooks of the creation get the status creating (runtime.md#state), as with runc; the program, older, wants created"),
        ["linux_mount_label"] = ("", "a label is refused where the kernel has no SELinux, as by runc; crun drops it"),
        ["linux_ns_itype"] = ("", "a container without a mount namespace is refused: its mounts would be the host's"),
        ["mounts"] = ("", "bind mounts are cloned before the first mount is made, and mountinfo lists by the clone's number, not by when it was attached"),
        ["pidfile"] = ("", "a signal to a container that has ended is an error (runtime.md#kill); the program takes it that its `true` still runs"),
        ["poststart"] = ("", "a race: the program wants the process's first output before the hook's, and the hook may start as soon as the process has been executed"),
        ["process_capabilities_fail"] = ("", "the creation is refused, which is what the program wants; the others let it run"),
    };

    [Fact]
    public void Ctrun_passes_whatever_crun_or_runc_pass()
    {
        Assert.SkipWhen(EngineSandbox.Obstacle("crun", "runc") is not null, EngineSandbox.Obstacle("crun", "runc") ?? "");
        string? checkout = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(checkout), $"{Variable} does not name a checkout of github.com/opencontainers/runtime-tools");
        Assert.SkipWhen(EngineSandbox.Find("go") is null, "go is not installed");
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
        string[] programs = Build(sandbox, checkout);
        string[] runtimes = [EngineSandbox.Find("crun")!, EngineSandbox.Find("runc")!, EngineSandbox.Ctrun];
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"{"program",-34}{"crun",-15}{"runc",-15}{"ctrun",-15}");
        List<string> missing = [];
        foreach (string program in programs)
        {
            ValidationResult[] results = [.. runtimes.Select(runtime => Run(sandbox, program, runtime))];
            bool differs = s_otherwise.TryGetValue(program, out (string Assertion, string Reason) otherwise);
            table.AppendLine(CultureInfo.InvariantCulture, $"{program,-34}{results[0],-15}{results[1],-15}{results[2],-15}{otherwise.Reason}");
            if (results[2].Passed) continue;
            missing.AddRange(results[0].Good.Union(results[1].Good).Except(results[2].Good)
                .Where(what => !differs || !what.Contains(otherwise.Assertion, StringComparison.Ordinal)).Select(what => $"{program}: {what}"));
        }

        output.WriteLine(table.ToString());
        Assert.Empty(missing);
    }

    private static string[] Build(EngineSandbox sandbox, string checkout)
    {
        const string Package = "go/src/github.com/opencontainers/runtime-tools";
        sandbox.Shell(
            $"mkdir -p {Package} programs && cp -r '{checkout}'/. {Package} && mount -t tmpfs tmpfs /run && cd {Package} && export HOME=$PWD/home GOPATH={sandbox.Folder}/go "
            + $"CGO_ENABLED=0 && (GO111MODULE=off go build -o {sandbox.Folder}/programs/ ./validation/... ./cmd/runtimetest || go build -mod=vendor -o {sandbox.Folder}/programs/ "
            + $"./validation/... ./cmd/runtimetest) && cp rootfs-*.tar.gz {sandbox.Folder} && mv {sandbox.Folder}/programs/runtimetest {sandbox.Folder}");
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
