using System.Diagnostics;
using ContainerTools.Integration.Tests.Containers;
using ContainerTools.Runtime;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;
using static ContainerTools.Integration.Tests.Networks.NetworkMachine;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>kill -9 of the engine or of a monitor at any change of a network: the same again completes it, and an end leaves nothing.</summary>
public sealed class NetworkCrashTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private const int Killed = 137;
    // By which something appears or disappears in the engine's folders, or is asked of the kernel by netlink, or of a monitor.
    private const string Changes = "symlink rename unlink mkdir write";

    private INetworkOperations Networks => engine.Engine.Networks;

    [Fact]
    public Task An_engine_that_is_killed_while_it_makes_or_removes_a_network_leaves_one_that_can_be_repaired_and_removed() => RunAsync(async () =>
    {
        await RequireTracingAsync();
        int killed = 0;
        foreach (string operation in (string[])["create", "remove"])
        {
            killed += await KillAsync(
                operation,
                async () =>
                {
                    if (operation == "remove") await NetworkWorker.DoAsync(engine.Engine, "create");
                },
                async () =>
                {
                    await using LocalContainerEngine other = new(engine.Paths);
                    if (await other.Networks.ListAsync(Cancel).AnyAsync(static network => network.Name == "green", Cancel))
                    {
                        await other.Networks.RepairAsync("green", Cancel);
                        Container user = await engine.StartAsync(engine.Options("sleep", "10000") with { NetworkMode = "green" });
                        Assert.True(Reaches($"{user.ProcessId}", $"{user.Endpoints[0].Gateways[0]}"));
                        await engine.Containers.RemoveAsync(user.Id, new ContainerRemoveOptions { Force = true }, Cancel);
                        await other.Networks.RemoveAsync("green", Cancel);
                    }
                    else
                    {
                        // Nothing is in the way of the next.
                        await NetworkWorker.DoAsync(other, "create");
                        await NetworkWorker.DoAsync(other, "remove");
                    }

                    Assert.DoesNotContain("ct-green", Ip("link") + Tool("nft", "list", "ruleset"), StringComparison.Ordinal);
                });
        }

        Assert.True(killed > 10, $"it was killed {killed} times only");
    });

    [Fact]
    public Task An_engine_that_is_killed_while_it_changes_a_containers_networks_leaves_what_the_same_again_completes() => RunAsync(async () =>
    {
        await RequireTracingAsync();
        await MakeNetworksAsync();
        int killed = 0;
        foreach (string operation in (string[])["start", "connect", "disconnect", "rename"])
        {
            string id = "";
            killed += await KillAsync(
                operation,
                async () =>
                {
                    Container web = await CreateAsync(operation == "disconnect" ? ["red", "blue"] : ["red"]);
                    id = web.Id;
                    if (operation != "start") await engine.Containers.StartAsync(id, Cancel);
                },
                async () =>
                {
                    await CompleteAsync(operation, id);
                    await CheckAsync(id, operation switch { "connect" => ["red", "blue"], "disconnect" => ["blue"], _ => ["red"] }, operation == "rename" ? "shop" : "web");
                    await engine.Containers.RemoveAsync(id, new ContainerRemoveOptions { Force = true }, Cancel);
                    await NothingIsLeftAsync();
                });
        }

        Assert.True(killed > 10, $"it was killed {killed} times only");
    });

    [Fact]
    public Task A_monitor_that_is_killed_at_any_change_leaves_nothing() => RunAsync(async () =>
    {
        await RequireTracingAsync();
        await MakeNetworksAsync();
        string ctrun = EngineTools.Ctrun(), how = Path.Combine(engine.Scratch, "how"), log = Path.Combine(engine.Scratch, "strace.log"), wrapper = Path.Combine(engine.Scratch, "ctrun");
        await File.WriteAllTextAsync(wrapper, $"#!/bin/sh\n[ \"$1\" = monitor ] && [ -f {how} ] && exec strace -f -qq -o {log} $(cat {how}) {ctrun} \"$@\"\nexec {ctrun} \"$@\"\n", Cancel);
        File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("CONTAINERTOOLS_CTRUN", wrapper);
        int killed = 0;
        foreach (string call in (string[])["write", "rename", "unlink", "setns"])
        {
            for (int when = 1; ; when += Math.Max(1, when / 2))
            {
                Container web = await CreateAsync("red");
                await File.WriteAllTextAsync(how, FormattableString.Invariant($"-e trace={call} -e inject={call}:signal=KILL:when={when}"), Cancel);
                bool isWhole = await LiveAsync(web.Id);
                File.Delete(how);
                if (!isWhole) killed++;
                // What its end was, whoever looks next tidies up.
                await EngineFixture.UntilAsync(() => engine.Containers.GetAsync(web.Id, Cancel).GetAwaiter().GetResult().State is ContainerState.Exited or ContainerState.Created);
                await NothingIsLeftAsync();
                Container again = await engine.Containers.StartAsync(web.Id, Cancel);
                await CheckAsync(web.Id, [.. again.Configuration.Networks.Select(static network => network.Network)], "web");
                await engine.Containers.RemoveAsync(web.Id, new ContainerRemoveOptions { Force = true }, Cancel);
                await NothingIsLeftAsync();
                if (isWhole) break;
            }
        }

        Assert.True(killed > 10, $"it was killed {killed} times only");
    });

    // A life under a monitor that is killed somewhere in it; false when it was.
    private async Task<bool> LiveAsync(string id)
    {
        try
        {
            await engine.Containers.StartAsync(id, Cancel);
            await Networks.ConnectAsync(id, NetworkAttachment.Parse("blue"), Cancel);
            await Networks.DisconnectAsync(id, "red", Cancel);
            await Networks.ConnectAsync(id, NetworkAttachment.Parse("red"), Cancel);
            Container ended = await engine.Containers.StopAsync(id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
            return ended.Error is null or "";
        }
        catch (ContainerException)
        {
            return false;
        }
    }

    private async Task<int> KillAsync(string operation, Func<Task> prepare, Func<Task> check)
    {
        int killed = 0;
        foreach (string call in Changes.Split(' '))
        {
            for (int when = 1; ; when *= 2)
            {
                await prepare();
                using Process worker = NetworkWorker.Start(engine.Paths, operation, call == "write" ? call : $"{call},{call}at", when);
                string errors = await worker.StandardError.ReadToEndAsync(Cancel);
                await worker.WaitForExitAsync(Cancel);
                Assert.True(worker.ExitCode is 0 or Killed, $"{operation} {call} {when}: exit code {worker.ExitCode}: {errors}");
                await check();
                if (worker.ExitCode == 0) break;
                killed++;
            }
        }

        return killed;
    }

    private async Task CompleteAsync(string operation, string id)
    {
        await using LocalContainerEngine other = new(engine.Paths);
        try
        {
            switch (operation)
            {
                case "start": await other.Containers.StartAsync(id, Cancel); break;
                case "connect": await other.Networks.ConnectAsync(id, NetworkAttachment.Parse("name=blue,alias=www"), Cancel); break;
                case "disconnect": await other.Networks.DisconnectAsync(id, "red", Cancel); break;
                default: await other.Containers.RenameAsync(id, "shop", Cancel); break;
            }
        }
        catch (ContainerException error) when (error.Code is ErrorCode.ContainerRunning or ErrorCode.NetworkAlreadyConnected or ErrorCode.NetworkNotConnected)
        {
            // It had come so far that it was done.
        }
    }

    // The container is where it is said to be, with its ports and names, and nowhere else.
    private async Task CheckAsync(string id, string[] networks, string name)
    {
        Container web = await engine.Containers.GetAsync(id, Cancel);
        Assert.Equal(ContainerState.Running, web.State);
        Assert.Equal(name, web.Name);
        Assert.Equal(networks.Order(), web.Endpoints.Select(static endpoint => endpoint.Network).Order());
        Assert.Equal(networks.Order(), web.Configuration.Networks.Select(static network => network.Network).Order());
        foreach (string network in (string[])["red", "blue"])
        {
            string address = web.Endpoints.FirstOrDefault(endpoint => endpoint.Network == network)?.Addresses[0].ToString() ?? "";
            Assert.Equal(address.Length > 0 ? [address] : [], Entries(network, "addresses"));
            Assert.Equal(address.Length > 0 ? [address] : [], Entries(network, "names/" + name));
            Assert.Empty(Entries(network, "names/" + (name == "web" ? "shop" : "web")));
            if (address.Length > 0) Assert.True(Reaches($"{web.ProcessId}", network == "red" ? "10.99.1.1" : "10.99.2.1"), network);
        }

        Assert.Equal(networks.Length, HostDevices());
        string first = web.Endpoints[0].Addresses[0].ToString();
        Assert.Contains($"tcp . 8080 : {first} . 80", Tool("nft", "list", "map", "inet", "containertools", "ports4"), StringComparison.Ordinal);
    }

    private async Task NothingIsLeftAsync()
    {
        foreach (string network in (string[])["red", "blue"])
        {
            Assert.Empty(Entries(network, "addresses"));
            Assert.Empty(Entries(network, "names/web"));
            Assert.Empty(Entries(network, "names/shop"));
        }

        Assert.DoesNotContain("8080", Tool("nft", "list", "table", "inet", "containertools"), StringComparison.Ordinal);
        // The kernel removes a pair some time after its namespace.
        await EngineFixture.UntilAsync(static () => HostDevices() == 0);
    }

    private Task<Container> CreateAsync(params string[] networks) => engine.Containers.CreateAsync(
        engine.Options("sleep", "10000") with { Name = "web", Networks = [.. networks.Select(NetworkAttachment.Parse)], Ports = [.. PortMapping.Parse("8080:80"), .. PortMapping.Parse("8080:53/udp")] }, Cancel);

    private async Task MakeNetworksAsync()
    {
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "red", Subnets = [System.Net.IPNetwork.Parse("10.99.1.0/24")] }, Cancel);
        await Networks.CreateAsync(new NetworkCreateOptions { Name = "blue", Subnets = [System.Net.IPNetwork.Parse("10.99.2.0/24")] }, Cancel);
    }

    private string[] Entries(string network, string folder)
    {
        string path = Path.Combine(engine.Paths.NetworkRun(network), folder);
        return Directory.Exists(path) ? [.. Directory.GetFileSystemEntries(path).Select(static entry => Path.GetFileName(entry))] : [];
    }

    private static int HostDevices() => Ip("link").Split('\n').Count(static line => line.Contains(": ve", StringComparison.Ordinal));

    private static async Task RequireTracingAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "needs strace, which is not installed");
        using Process probe = Process.Start("strace", ["-f", "-qq", "-o", "/dev/null", "true"]);
        await probe.WaitForExitAsync(Cancel);
        Assert.SkipUnless(probe.ExitCode == 0, "strace may not trace here");
    }
}
