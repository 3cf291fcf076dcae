using System.Diagnostics;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>Several processes at work on the same containers, and processes that are killed at it.</summary>
public sealed class ProcessesTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task Fifty_creates_from_several_processes_are_fifty_containers()
    {
        Require();
        HashSet<string> before = [.. (await ListAsync()).Select(container => container.Id)];
        string[] made = await RunWorkersAsync("create", workers: 5, each: 10);
        HashSet<string> after = [.. (await ListAsync()).Select(container => container.Id)];
        after.ExceptWith(before);
        Assert.Equal(50, made.Length);
        Assert.Equal(made.Order(), after.Order());
    }

    [Fact]
    public async Task Fifty_whole_lives_from_several_processes_neither_deadlock_nor_leave_anything()
    {
        Require();
        string[] lives = await RunWorkersAsync("live", workers: 5, each: 10);
        Assert.Equal(50, lives.Length);
        Assert.All(lives, life => Assert.EndsWith(" 7", life, StringComparison.Ordinal));
        foreach (string life in lives) AssertGone(life.Split(' ')[0]);
    }

    [Fact]
    public async Task Fifty_removes_of_the_same_containers_by_several_tasks_remove_each_once()
    {
        Require();
        Container[] made = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => engine.StartSleeperAsync()));
        int removed = 0;
        await Task.WhenAll(made.SelectMany(container => Enumerable.Range(0, 5).Select(async _ =>
        {
            // Engines of their own: they share nothing but the files.
            await using LocalContainerEngine other = new(engine.Paths);
            try
            {
                await other.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
                Interlocked.Increment(ref removed);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
            {
                // Another one was faster.
            }
        })));
        Assert.True(removed >= made.Length);
        foreach (Container container in made) AssertGone(container.Id);
    }

    [Fact]
    public async Task A_start_goes_to_one_of_many()
    {
        Require();
        Container made = await engine.Containers.CreateAsync(engine.Options("sleep", "1000"), Cancel);
        int started = 0;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            try
            {
                await engine.Containers.StartAsync(made.Id, Cancel);
                Interlocked.Increment(ref started);
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ContainerRunning)
            {
                // It was started already.
            }
        }));
        Assert.Equal(1, started);
        Assert.Single(await engine.Containers.GetProcessesAsync(made.Id, Cancel));
    }

    [Fact]
    public async Task A_process_that_is_killed_at_any_moment_leaves_what_the_next_command_repairs()
    {
        Require();
        Random random = new(4711);
        HashSet<string> expected = [];
        for (int round = 0; round < 15; round++)
        {
            (HashSet<string> made, HashSet<string> removing) = await ChurnAndKillAsync(random.Next(20, 400));
            Dictionary<string, Container> found = (await ListAsync()).ToDictionary(container => container.Id);

            // What was acknowledged is there, unless its removal had begun.
            foreach (string id in made) Assert.True(removing.Contains(id) || found.ContainsKey(id), $"round {round}: {id} is lost");
            foreach (Container container in found.Values)
            {
                Assert.Null(container.Error == "The monitor was lost." ? null : container.Error);
                Assert.Equal(container.Id, (await engine.Containers.GetAsync(container.Name, Cancel)).Id);
            }

            expected.UnionWith(found.Keys);
        }

        // Nothing half-made or half-removed is left, and every container can be used and removed.
        string[] folders = [.. Directory.GetDirectories(engine.Paths.Containers).Select(path => Path.GetFileName(path))];
        Container[] all = await ListAsync();
        Assert.Equal(all.Select(container => container.Id).Order(), folders.Order());
        await Task.WhenAll(all.Select(async container =>
        {
            if (container.State is ContainerState.Created or ContainerState.Exited) await engine.Containers.StartAsync(container.Id, Cancel);
            await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
            AssertGone(container.Id);
        }));
        Assert.DoesNotContain(expected, id => CgroupHost.Current.Open("/containertools/" + id).Exists);
    }

    private async Task<(HashSet<string> Made, HashSet<string> Removing)> ChurnAndKillAsync(int milliseconds)
    {
        HashSet<string> made = [], removing = [];
        using Process worker = EngineWorker.Start(engine.Paths, "churn", "0");
        string? first = await worker.StandardOutput.ReadLineAsync(Cancel);
        Task<string> rest = worker.StandardOutput.ReadToEndAsync(Cancel);
        await Task.Delay(milliseconds, Cancel);
        worker.Kill();
        await worker.WaitForExitAsync(Cancel);
        foreach (string line in $"{first}\n{await rest}".Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // The last line may be half of one.
            if (line.Length == 66) (line[0] == '+' ? made : removing).Add(line[2..]);
        }

        return (made, removing);
    }

    private async Task<string[]> RunWorkersAsync(string verb, int workers, int each)
    {
        Process[] processes = [.. Enumerable.Range(0, workers).Select(_ => EngineWorker.Start(engine.Paths, verb, each.ToString(System.Globalization.CultureInfo.InvariantCulture)))];
        string[] outputs = await Task.WhenAll(processes.Select(process => process.StandardOutput.ReadToEndAsync(Cancel)));
        foreach (Process process in processes)
        {
            await process.WaitForExitAsync(Cancel);
            Assert.Equal(0, process.ExitCode);
            process.Dispose();
        }

        return [.. outputs.SelectMany(output => output.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
    }

    private async Task<Container[]> ListAsync()
    {
        List<Container> all = [];
        await foreach (Container container in engine.Containers.ListAsync(ContainerFilter.All, Cancel)) all.Add(container);
        return [.. all];
    }

    private void AssertGone(string id)
    {
        Assert.False(Directory.Exists(engine.Paths.Container(id)));
        Assert.False(Directory.Exists(engine.Paths.ContainerRun(id)));
        Assert.False(CgroupHost.Current.Open("/containertools/" + id).Exists);
        Assert.DoesNotContain(Directory.GetFileSystemEntries(engine.Paths.Names), link => Libc.ReadLink(link) == id);
    }

    private void Require() => Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
}
