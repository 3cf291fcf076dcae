using System.Text.Json;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>The commands that only print.</summary>
public sealed class DocumentCommandTests
{
    [Fact]
    public void Spec_writes_a_configuration_that_runs_but_does_not_overwrite_one()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Succeed("spec");
        string path = Path.Combine(bundle.Folder, "config.json");
        OciSpec spec = OciReader.ReadSpec(File.ReadAllBytes(path));
        Assert.Equal(["sh"], spec.Process!.Args);
        Assert.Contains("exists already", bundle.Fail("spec"), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_shows_the_system_calls_and_makes_nothing()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"]);
        string plan = bundle.Succeed("plan", "c");
        Assert.Contains("pivot_root", plan, StringComparison.Ordinal);
        Assert.Contains("execve", plan, StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void Features_are_a_document_of_the_specification()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        using JsonDocument document = JsonDocument.Parse(bundle.Succeed("features"));
        JsonElement linux = document.RootElement.GetProperty("linux");
        Assert.True(linux.GetProperty("seccomp").GetProperty("enabled").GetBoolean());
        Assert.Contains("pid", linux.GetProperty("namespaces").EnumerateArray().Select(item => item.GetString()));
    }

    [Fact]
    public void Version_and_help_are_shown()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        Assert.Matches("^ctrun version \\d+\\.\\d+\\.\\d+\nspec: 1\\.", bundle.Succeed("--version"));
        Assert.Contains("create ID", bundle.Succeed("help"), StringComparison.Ordinal);
        Assert.StartsWith("usage: ctrun run", bundle.Succeed("run", "--help"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fly", "no command 'fly'")]
    [InlineData("--fly", "no option --fly")]
    [InlineData("state", "the container's id is missing")]
    [InlineData("state a b", "'b' is one word too many")]
    [InlineData("state ../x", "cannot be a container's id")]
    [InlineData("kill c BOGUS", "no signal 'BOGUS'")]
    [InlineData("network-probe", "the process id is missing")]
    [InlineData("network-probe --target web --port 80 x", "the process id is a number")]
    [InlineData("network-probe --target web 1", "ports go with tcp and udp")]
    [InlineData("network-probe --target web --protocol icmp --port 80 1", "ports go with tcp and udp")]
    [InlineData("network-probe --target web --port 80-70 1", "numbers from 1 to 65535")]
    [InlineData("network-probe --protocol sctp 1", "tcp, udp or icmp")]
    [InlineData("network-probe --start-time soon 1", "the start time is a number")]
    [InlineData("network-probe --port 80 1", "--target is missing")]
    [InlineData("run --preserve-fds x c", "needs a number")]
    [InlineData("run --bundle", "needs a value")]
    [InlineData("run --detach=maybe c", "is on or off")]
    [InlineData("--log-format xml list", "text or json")]
    [InlineData("checkpoint c", "not supported")]
    public void A_mistake_in_the_command_line_is_told_in_one_line(string line, string part)
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        Assert.Contains(part, bundle.Fail(line.Split(' ')), StringComparison.Ordinal);
    }
}
