using System.Net;
using ContainerTools.Integration.Tests.Containers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>The resolver in the containers of a network.</summary>
public sealed class ResolverTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public Task Containers_find_each_other_by_name() => RunAsync(async () =>
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dig"), "needs dig, which is not installed");
        await engine.Engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [IPNetwork.Parse("10.99.0.0/24"), IPNetwork.Parse("fd00:99::/64")] }, Cancel);
        Container one = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "One", Networks = [NetworkAttachment.Parse("name=red,alias=both,ip=10.99.0.50")] });
        Container two = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "two", Networks = [NetworkAttachment.Parse("name=red,alias=both")] });
        Container far = await engine.StartAsync(engine.Options("sleep", "10000") with { Name = "far", NetworkMode = "bridge" });

        Assert.Equal("10.99.0.50\n", Dig(two, "one"));
        Assert.Equal("10.99.0.50\n", Dig(two, "ONE.red"));
        Assert.Equal("10.99.0.50\n", Dig(two, "+tcp", one.ShortId));
        Assert.Equal(one.Endpoints[0].Addresses[1] + "\n", Dig(two, "one", "AAAA"));
        Assert.Equal("One.red.\n", Dig(two, "-x", "10.99.0.50"));
        Assert.Equal("One.red.\n", Dig(two, "-x", one.Endpoints[0].Addresses[1].ToString()));
        string[] firsts = [.. Enumerable.Range(0, 8).Select(_ => Dig(two, "both").Split('\n')[0]).Distinct()];
        Assert.Equal(2, firsts.Length);
        Assert.Contains("EDNS: version: 0", DigAll(two, "+edns", "one"), StringComparison.Ordinal);
        Assert.Contains("status: NOERROR", DigAll(two, "one", "MX"), StringComparison.Ordinal);
        // Another network's names are not known here, and there is no server that could know more.
        Assert.DoesNotContain("ANSWER SECTION", DigAll(two, "+tries=1", "+time=2", "far"), StringComparison.Ordinal);
        Assert.Equal(0, TryTool("nsenter", "-n", "-t", $"{far.ProcessId}", "busybox", "ping", "-c", "1", "-w", "5", far.Endpoints[0].Addresses[0].ToString()).Code);

        // A container's own look-up, by the file that it got.
        await using (IContainerSession session = await engine.Containers.ExecAsync(two.Id, new ContainerExecOptions { Command = ["ping", "-c", "1", "-w", "5", "one"] }, Cancel))
        {
            Assert.Equal(0, await session.WaitAsync(Cancel));
        }

        await engine.Containers.RemoveAsync(one.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.DoesNotContain("10.99.0.50", Dig(two, "+tries=1", "+time=2", "both"), StringComparison.Ordinal);
    });

    private static string DigAll(Container container, params string[] arguments)
        => TryTool("nsenter", ["-n", "-t", $"{container.ProcessId}", "dig", "@127.0.0.11", .. arguments]).Output;

    private static string Dig(Container container, params string[] arguments)
        => TryTool("nsenter", ["-n", "-t", $"{container.ProcessId}", "dig", "@127.0.0.11", "+short", .. arguments]).Output;
}
