using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Xunit;
using static ContainerTools.Runtime.Tests.Containers.TestToken;

namespace ContainerTools.Runtime.Tests.Containers;

/// <summary>The table of docs/design/state.md, line by line, on temporary folders; the monitor is this process.</summary>
public sealed class ContainerStateReaderTests : IDisposable
{
    private static readonly DateTimeOffset s_time = DateTimeOffset.UnixEpoch.AddYears(50);
    private readonly TestEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task Without_a_run_folder_it_is_created() => Assert.Equal(ContainerState.Created, (await _engine.CreateAsync("web")).State);

    [Fact]
    public async Task With_an_exit_record_it_has_exited()
    {
        ContainerFiles files = await NewAsync();
        Exit(files, 3);
        Container container = await _engine.Operations.GetAsync("web", Cancel);
        Assert.Equal((ContainerState.Exited, 3, s_time), (container.State, container.ExitCode, container.FinishedAt));
    }

    [Theory]
    [InlineData(RunStatus.Running, false, ContainerState.Running)]
    [InlineData(RunStatus.Running, true, ContainerState.Paused)]
    [InlineData(RunStatus.Restarting, false, ContainerState.Restarting)]
    [InlineData(RunStatus.Exited, false, ContainerState.Exited)]
    internal async Task A_live_monitors_word_counts(RunStatus status, bool paused, ContainerState state)
    {
        ContainerFiles files = await NewAsync();
        Run(files, status, Environment.ProcessId, OwnStartTime);
        if (paused) File.WriteAllText(files.Paused, "");
        Container container = await _engine.Operations.GetAsync("web", Cancel);
        Assert.Equal(state, container.State);
        Assert.Equal(status == RunStatus.Exited ? null : Environment.ProcessId, container.MonitorProcessId);
        Assert.Equal(status == RunStatus.Exited ? 7 : null, container.ExitCode);
    }

    [Fact]
    public async Task A_limit_that_cannot_be_written_down_is_taken_back()
    {
        ContainerFiles files = await NewAsync();
        Run(files, RunStatus.Running, Environment.ProcessId, OwnStartTime);
        MemoryCgroup cgroup = new("c") { Exists = true, Limit = new ContainerLimit { Memory = 64 << 20 } };
        cgroup.OnApply = () =>
        {
            File.Delete(files.Record);
            Directory.CreateDirectory(files.Record);
        };
        _engine.Cgroups["/containertools/" + files.Id] = cgroup;

        ContainerLimit change = new() { Memory = 128 << 20, Processes = 5 };
        await Assert.ThrowsAnyAsync<Exception>(() => _engine.Operations.SetLimitAsync("web", change, Cancel));

        Assert.Equal([128 << 20, 64 << 20], cgroup.Applied.Select(resources => resources.Memory?.Limit));
        Assert.Equal([5, -1], cgroup.Applied.Select(resources => resources.Pids?.Limit));
    }

    [Fact]
    public async Task A_container_that_cannot_be_read_or_repaired_is_listed_with_what_is_wrong()
    {
        ContainerFiles files = await NewAsync();
        await _engine.CreateAsync("db");
        Directory.CreateDirectory(files.RunFolder);
        File.WriteAllText(files.State, "{");
        List<Container> all = await _engine.ListAsync();
        Assert.Equal(2, all.Count);
        Assert.Contains("damaged", all.Single(container => container.Id == files.Id).Error, StringComparison.Ordinal);
        Assert.Null(all.Single(container => container.Id != files.Id).Error);
    }

    [Theory]
    [InlineData("other process with that number")]
    [InlineData("other boot")]
    [InlineData("no such process")]
    public async Task A_dead_monitors_run_was_lost_and_is_repaired(string how)
    {
        ContainerFiles files = await NewAsync();
        Run(
            files,
            RunStatus.Running,
            how == "no such process" ? int.MaxValue : Environment.ProcessId,
            how == "other process with that number" ? OwnStartTime + 1 : OwnStartTime,
            how == "other boot" ? "another" : BootId.Current);
        _engine.Cgroups["/containertools/" + files.Id] = new MemoryCgroup("c") { Exists = true };

        Container container = Assert.Single(await _engine.ListAsync());

        Assert.Equal((ContainerState.Exited, 137, "The monitor was lost."), (container.State, container.ExitCode, container.Error));
        Assert.False(Directory.Exists(files.RunFolder));
        // After a restart of the machine there is nothing left to kill, and the numbers are others'.
        Assert.Equal(how != "other boot", _engine.Cgroups["/containertools/" + files.Id].Killed);
    }

    [Fact]
    public async Task An_end_that_the_monitor_recorded_before_it_was_lost_is_kept()
    {
        ContainerFiles files = await NewAsync();
        Run(files, RunStatus.Running, int.MaxValue, 1);
        Exit(files, 5);
        Assert.Equal(5, (await _engine.Operations.GetAsync("web", Cancel)).ExitCode);
        Assert.False(Directory.Exists(files.RunFolder));
    }

    [Fact]
    public async Task A_start_under_way_holds_the_lock_and_is_left_alone()
    {
        ContainerFiles files = await NewAsync();
        Directory.CreateDirectory(files.RunFolder);
        using (ContainerLock? held = await ContainerLock.TakeAsync(files.Folder, Cancel))
        {
            Assert.NotNull(held);
            Assert.Equal(ContainerState.Created, (await _engine.Operations.GetAsync("web", Cancel)).State);
            Assert.True(Directory.Exists(files.RunFolder));
        }

        Assert.Equal(ContainerState.Created, (await _engine.Operations.GetAsync("web", Cancel)).State);
        Assert.False(Directory.Exists(files.RunFolder), "a start that died is repaired");
        Assert.False(File.Exists(files.Exit), "nothing has run");
    }

    [Fact]
    public async Task A_start_that_died_after_it_made_a_cgroup_counts_as_a_lost_run()
    {
        ContainerFiles files = await NewAsync();
        Directory.CreateDirectory(files.RunFolder);
        MemoryCgroup cgroup = _engine.Cgroups["/containertools/" + files.Id] = new MemoryCgroup("c") { Exists = true };
        Assert.Equal(137, (await _engine.Operations.GetAsync("web", Cancel)).ExitCode);
        Assert.True(cgroup.Killed);
        Assert.False(cgroup.Exists);
    }

    private static ulong OwnStartTime => ProcessStat.StartTimeOf(Environment.ProcessId)!.Value;

    private async Task<ContainerFiles> NewAsync() => new(_engine.Paths, (await _engine.CreateAsync("web")).Id);

    private static void Exit(ContainerFiles files, int code) => File.WriteAllBytes(
        files.Exit,
        JsonSerializer.SerializeToUtf8Bytes(new ExitRecord { ExitCode = code, StartedAt = s_time, FinishedAt = s_time }, RunJson.Default.ExitRecord));

    private static void Run(ContainerFiles files, RunStatus status, int monitor, ulong startTime, string? bootId = null)
    {
        Directory.CreateDirectory(files.RunFolder);
        RunRecord run = new()
        {
            Id = files.Id,
            Status = status,
            Bundle = files.RunFolder,
            MonitorProcessId = monitor,
            MonitorStartTime = startTime,
            BootId = bootId ?? BootId.Current,
            StartedAt = s_time,
            ExitCode = 7,
        };
        File.WriteAllBytes(files.State, JsonSerializer.SerializeToUtf8Bytes(run, RunJson.Default.RunRecord));
    }
}
