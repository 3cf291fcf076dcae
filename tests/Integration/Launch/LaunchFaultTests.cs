using System.Globalization;
using System.Text.RegularExpressions;
using ContainerTools.Integration.Tests.Ctrun;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Launch;

/// <summary>Every step of a launch made to fail in turn.</summary>
public sealed class LaunchFaultTests
{
    // "  12  fsmount($fs, …) -> $mount  ; mount proc on /proc  # config.md#mounts", behind which stands what an error says.
    private static readonly Regex s_line = new(@"^ *(?<index>\d+)  .*  ; (?<words>.*)  # .*$", RegexOptions.Multiline);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Each_is_reported_in_its_own_words_and_leaves_nothing(bool userNamespace, bool hooks)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        OciHook hook = new() { Path = "/bin/busybox", Args = ["true"] };
        bundle.Write(["/bin/true"], spec => Confined(spec, userNamespace) with
        {
            Hooks = hooks ? new OciHooks { CreateRuntime = [hook], CreateContainer = [hook], Poststop = [hook] } : null,
        });
        List<string> words = [.. s_line.Matches(bundle.Succeed("plan", "c")).Select(static match => match.Groups["words"].Value.Trim())];
        Assert.True(words.Count > 150, $"the plan has {words.Count} steps");
        // Once the filter is loaded, it is the filter that refuses a call that does not exist.
        int filter = words.IndexOf("load the system call filter");
        int failed = 0;
        for (int i = 0; i < words.Count; i++)
        {
            string step = i.ToString(CultureInfo.InvariantCulture);
            CommandResult result = bundle.Run("run", "--break-step", step, "c");
            bundle.AssertClean();
            // Steps that a machine skips, such as the making of a folder that is there, cannot fail.
            if (result.ExitCode == 0) continue;
            failed++;
            string reason = i > filter ? "EPERM (operation not permitted)" : "ENOSYS (function not implemented)";
            Assert.Equal($"ctrun: {words[i]}: {reason}\n", result.Error);
        }

        Assert.True(failed > 100, $"only {failed} of {words.Count} steps could be made to fail");
        Assert.DoesNotContain(File.ReadAllLines("/proc/self/mountinfo"), line => line.Contains(bundle.Folder, StringComparison.Ordinal));
    }

    [Fact]
    public void A_step_that_is_not_there_cannot_be_broken()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"]);
        Assert.Contains("There is no step 100000", bundle.Fail("run", "--break-step", "100000", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    private static OciSpec Confined(OciSpec spec, bool userNamespace)
    {
        spec = CtrunBundle.WithDefaultSeccomp(spec);
        spec = spec with
        {
            Hostname = "box",
            Root = spec.Root! with { Readonly = true },
            Process = spec.Process! with
            {
                Cwd = "/tmp",
                NoNewPrivileges = true,
                User = new OciUser { Uid = 7, Gid = 8, AdditionalGids = [9] },
                Rlimits = [new OciRlimit("RLIMIT_NOFILE", 512, 1024)],
            },
            Linux = spec.Linux! with { Sysctl = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1" } },
        };
        if (!userNamespace) return spec;
        return spec with
        {
            Linux = spec.Linux! with
            {
                Namespaces = [.. spec.Linux.Namespaces!, new OciNamespace("user")],
                UidMappings = [new OciIdMapping(0, 100000, 65536)],
                GidMappings = [new OciIdMapping(0, 100000, 65536)],
            },
        };
    }
}
