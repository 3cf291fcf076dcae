using System.Diagnostics;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

public sealed class ExecCommandTests
{
    private static CtrunBundle Started()
    {
        CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"]);
        bundle.Launch("run", "c", "--detach");
        return bundle;
    }

    [Fact]
    public void A_command_runs_in_the_containers_namespaces()
    {
        using CtrunBundle bundle = Started();
        using Process process = bundle.Start("exec", "c", "/bin/sh", "-c", "cat; hostname; ls -d /proc/1; echo err >&2; exit 5");
        process.StandardInput.Write("in\n");
        process.StandardInput.Close();
        CommandResult result = CtrunBundle.Finish(process);
        Assert.Equal((5, "in\nctrun\n/proc/1\n", "err\n"), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public void User_environment_folder_and_capabilities_can_be_given()
    {
        using CtrunBundle bundle = Started();
        string output = bundle.Succeed(
            "exec", "--user", "12:34", "-g", "56", "--env", "A=1", "-e", "B=2", "--cwd", "/tmp", "--cap", "CHOWN", "c", "/bin/sh", "-c",
            "id -u; id -g; id -G; echo $A$B; pwd; grep ^CapBnd /proc/self/status");
        Assert.Equal("12\n34\n34 56\n12\n/tmp\nCapBnd:\t0000000020000421\n", output);
    }

    [Fact]
    public void A_process_document_says_it_all()
    {
        using CtrunBundle bundle = Started();
        File.WriteAllText(
            Path.Combine(bundle.Folder, "p.json"), """{"args":["/bin/sh","-c","id -u; echo $X; pwd"],"env":["X=y","PATH=/bin"],"cwd":"/etc","user":{"uid":7,"gid":7}}""");
        Assert.Equal("7\ny\n/etc\n", bundle.Succeed("exec", "--process", "p.json", "c"));
    }

    [Theory]
    [InlineData("/bin/none", 127)]
    [InlineData("/etc", 126)]
    public void A_command_that_cannot_be_executed_has_the_shells_exit_code(string command, int code)
    {
        using CtrunBundle bundle = Started();
        Assert.Equal(code, bundle.Run("exec", "c", command).ExitCode);
        Assert.Equal("running", bundle.State("c").Status);
    }

    [Fact]
    public void A_mistake_in_the_arguments_is_told()
    {
        using CtrunBundle bundle = Started();
        Assert.Contains("the command is missing", bundle.Fail("exec", "c"), StringComparison.Ordinal);
        Assert.Contains("BOGUS", bundle.Fail("exec", "--cap", "BOGUS", "c", "/bin/true"), StringComparison.Ordinal);
        Assert.Contains("--bogus", bundle.Fail("exec", "--bogus", "c", "/bin/true"), StringComparison.Ordinal);
        Assert.Contains("no container 'd'", bundle.Fail("exec", "d", "/bin/true"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_detached_process_runs_on_in_the_containers_cgroup()
    {
        using CtrunBundle bundle = Started();
        bundle.Launch("exec", "c /bin/sleep 1000", "--detach", "--pid-file", "pid");
        int process = int.Parse(File.ReadAllText(Path.Combine(bundle.Folder, "pid")), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains(process, bundle.Cgroup.Processes());
        bundle.Succeed("delete", "--force", "c");
        bundle.AssertClean();
    }
}
