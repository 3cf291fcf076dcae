using System.Diagnostics;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>From start to removal, on the real kernel.</summary>
public sealed class LifeTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("kill -9 $$", 137)]
    public async Task The_exit_code_is_the_processs(string script, int code)
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", script));
        Container ended = await engine.Containers.WaitAsync(container.Id, Cancel);
        // The first process of a pid namespace ignores signals it has no handler for, SIGKILL from inside included.
        Assert.Equal((ContainerState.Exited, script.StartsWith("kill", StringComparison.Ordinal) ? 0 : code), (ended.State, ended.ExitCode));
        Assert.Null(ended.ProcessId);
        Assert.Null(ended.Error);
        Assert.InRange(ended.FinishedAt!.Value, ended.StartedAt!.Value, DateTimeOffset.UtcNow);
    }

    [Theory]
    [InlineData("/bin/nothing", ErrorCode.CommandNotFound, 127)]
    [InlineData("nothing", ErrorCode.CommandNotFound, 127)]
    [InlineData("/etc/plain", ErrorCode.CommandNotExecutable, 126)]
    [InlineData("/etc", ErrorCode.CommandNotExecutable, 126)]
    public async Task What_cannot_be_executed_is_an_error_and_goes_on_record(string program, ErrorCode code, int exitCode)
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        Container made = await engine.Containers.CreateAsync(engine.Options(program), Cancel);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
        Assert.Equal((code, made.Name), (error.Code, error.Target));
        Container read = await engine.Containers.GetAsync(made.Id, Cancel);
        Assert.Equal((ContainerState.Exited, exitCode, error.Message), (read.State, read.ExitCode, read.Error));
        Assert.False(Directory.Exists(engine.Paths.ContainerRun(made.Id)));
        Assert.False(CgroupHost.Current.Open("/containertools/" + made.Id).Exists);
    }

    [Fact]
    public async Task A_running_container_says_so_and_cannot_be_started_or_removed()
    {
        Container container = await engine.StartSleeperAsync();
        Assert.Equal(ContainerState.Running, container.State);
        Assert.True(Directory.Exists($"/proc/{container.ProcessId}"));
        Assert.StartsWith("ctrun\0monitor\0", File.ReadAllText($"/proc/{container.MonitorProcessId}/cmdline"), StringComparison.Ordinal);
        Assert.Equal(ErrorCode.ContainerRunning, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(container.Id, Cancel))).Code);
        Assert.Equal(
            ErrorCode.ContainerRunning,
            (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions(), Cancel))).Code);
        await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.False(Directory.Exists(engine.Paths.Container(container.Id)));
        Assert.False(Directory.Exists($"/proc/{container.ProcessId}"));
        Assert.False(CgroupHost.Current.Open("/containertools/" + container.Id).Exists);
    }

    [Fact]
    public async Task Stopping_asks_first()
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 1000 & wait; done"));
        await engine.WaitForLineAsync(container.Id, "up");
        Container stopped = await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = Timeout.InfiniteTimeSpan }, Cancel);
        Assert.Equal((ContainerState.Exited, 5), (stopped.State, stopped.ExitCode));
        Assert.EndsWith("bye\n", await engine.LogAsync(container.Id), StringComparison.Ordinal);
        Assert.Equal(5, (await engine.Containers.StopAsync(container.Id, new ContainerStopOptions(), Cancel)).ExitCode);
    }

    [Fact]
    public async Task Who_does_not_heed_the_stop_signal_is_killed()
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1000 & wait; done"));
        await engine.WaitForLineAsync(container.Id, "up");
        Container stopped = await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.FromMilliseconds(50) }, Cancel);
        Assert.Equal((ContainerState.Exited, 137), (stopped.State, stopped.ExitCode));
    }

    [Fact]
    public async Task The_containers_own_stop_signal_and_a_given_one_are_sent()
    {
        ContainerCreateOptions options = engine.Options("sh", "-c", "trap 'exit 21' INT; trap 'exit 22' USR1; echo up; while :; do sleep 1000 & wait; done")
            with
        { StopSignal = "INT", StopTimeout = Timeout.InfiniteTimeSpan };
        Container container = await engine.StartAsync(options);
        await engine.WaitForLineAsync(container.Id, "up");
        Assert.Equal(21, (await engine.Containers.StopAsync(container.Id, new ContainerStopOptions(), Cancel)).ExitCode);
        await engine.Containers.StartAsync(container.Id, Cancel);
        await UntilUpAsync(container.Id, 2);
        Assert.Equal(22, (await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Signal = "USR1" }, Cancel)).ExitCode);
    }

    [Fact]
    public async Task A_signal_reaches_the_first_process()
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", "trap 'echo got' USR1; echo up; while :; do sleep 1000 & wait; done"));
        await engine.WaitForLineAsync(container.Id, "up");
        await engine.Containers.SendSignalAsync(container.Id, "usr1", Cancel);
        await engine.WaitForLineAsync(container.Id, "got");
        await engine.Containers.SendSignalAsync(container.Id, "KILL", Cancel);
        Assert.Equal(137, (await engine.Containers.WaitAsync(container.Id, Cancel)).ExitCode);
    }

    [Fact]
    public async Task A_restart_is_another_run_of_the_same_container()
    {
        Container first = await engine.StartSleeperAsync();
        Container second = await engine.Containers.RestartAsync(first.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal((first.Id, ContainerState.Running), (second.Id, second.State));
        Assert.NotEqual(first.ProcessId, second.ProcessId);
        Assert.True(second.StartedAt > first.StartedAt);
    }

    [Fact]
    public async Task A_paused_container_stands_still_and_can_be_stopped()
    {
        Container container = await engine.StartSleeperAsync();
        ICgroup cgroup = CgroupHost.Current.Open("/containertools/" + container.Id);
        Assert.Equal(ContainerState.Paused, (await engine.Containers.PauseAsync(container.Id, Cancel)).State);
        Assert.True(cgroup.IsFrozen);
        Assert.Equal(ErrorCode.ContainerPaused, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.PauseAsync(container.Id, Cancel))).Code);
        Assert.Equal(ErrorCode.ContainerPaused, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.StartAsync(container.Id, Cancel))).Code);
        Assert.Equal(ContainerState.Running, (await engine.Containers.ResumeAsync(container.Id, Cancel)).State);
        Assert.False(cgroup.IsFrozen);
        await engine.Containers.PauseAsync(container.Id, Cancel);
        Container stopped = await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = Timeout.InfiniteTimeSpan }, Cancel);
        Assert.Equal((ContainerState.Exited, 0), (stopped.State, stopped.ExitCode));
        Assert.Equal(ContainerState.Running, (await engine.Containers.StartAsync(container.Id, Cancel)).State);
    }

    [Fact]
    public async Task A_commit_that_is_killed_leaves_nothing_frozen()
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", "head -c 64m /dev/urandom > /large; echo ready; read x") with { Interactive = true });
        await engine.WaitForLineAsync(container.Id, "ready");
        ICgroup cgroup = CgroupHost.Current.Open("/containertools/" + container.Id);
        using Process worker = EngineWorker.Start(engine.Paths, "commit", "1", container.Id);
        try
        {
            using SafeFileHandle process = Libc.OpenProcess(worker.Id)!;
            // Stopped it cannot get any further: what is seen then is a commit that is under way.
            for (bool caught = false; !caught;)
            {
                while (!cgroup.IsFrozen)
                {
                    Assert.False(worker.HasExited, "the worker has ended");
                    await Task.Delay(1, Cancel);
                }

                Libc.SendSignal(process, Signal.SIGSTOP);
                while (ProcessStat.Read(worker.Id)!.Value.State != 'T') await Task.Delay(1, Cancel);
                caught = cgroup.IsFrozen && File.Exists(Path.Combine(engine.Paths.ContainerRun(container.Id), "paused"));
                if (!caught) Libc.SendSignal(process, Signal.SIGCONT);
            }

            Assert.Equal(ContainerState.Paused, (await engine.Containers.GetAsync(container.Id, Cancel)).State);
        }
        finally
        {
            worker.Kill();
            await worker.WaitForExitAsync(Cancel);
        }

        Assert.Equal(ContainerState.Running, (await engine.Containers.GetAsync(container.Id, Cancel)).State);
        Assert.False(cgroup.IsFrozen);
    }

    [Fact]
    public async Task A_paused_container_can_be_removed_by_force()
    {
        Container container = await engine.StartSleeperAsync();
        await engine.Containers.PauseAsync(container.Id, Cancel);
        await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.Equal(ErrorCode.ContainerNotFound, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.GetAsync(container.Id, Cancel))).Code);
    }

    [Fact]
    public async Task Who_waits_for_a_container_that_removes_itself_learns_how_it_ended()
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", "read x; exit 9") with { AutoRemove = true, Interactive = true });
        Task<Container> wait = engine.Containers.WaitAsync(container.Id, Cancel);
        Assert.False(wait.IsCompleted);
        await using (IContainerSession session = await engine.Containers.AttachAsync(container.Id, new ContainerAttachOptions { StandardInput = true }, Cancel))
        {
            await session.WriteInputAsync("go\n"u8.ToArray(), Cancel);
        }

        Container ended = await wait;
        Assert.Equal((ContainerState.Exited, 9), (ended.State, ended.ExitCode));
        Assert.NotNull(ended.FinishedAt);
        Assert.False(Directory.Exists(engine.Paths.Container(container.Id)));
        Assert.Equal(ErrorCode.ContainerNotFound, (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.GetAsync(container.Id, Cancel))).Code);
    }

    [Fact]
    public async Task However_short_its_life_who_started_it_can_wait_for_it()
    {
        for (int i = 0; i < 10; i++)
        {
            Container container = await engine.StartAsync(engine.Options("sh", "-c", "exit 4") with { AutoRemove = true });
            Assert.Equal(4, (await engine.Containers.WaitAsync(container.Id, Cancel)).ExitCode);
        }
    }

    [Fact]
    public async Task A_renamed_container_that_removes_itself_takes_its_new_name_along()
    {
        Container container = await engine.StartAsync(engine.Options("sleep", "1000") with { AutoRemove = true });
        string name = "n" + container.ShortId;
        await engine.Containers.RenameAsync(container.Id, name, Cancel);
        Assert.Equal(name, (await engine.Containers.StopAsync(name, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel)).Name);
        Assert.Null(Libc.ReadLink(Path.Combine(engine.Paths.Names, name)));
    }

    [Fact]
    public async Task A_container_that_removes_itself_survives_a_restart()
    {
        Container container = await engine.StartAsync(engine.Options("sleep", "1000") with { AutoRemove = true });
        Container again = await engine.Containers.RestartAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal((container.Id, ContainerState.Running), (again.Id, again.State));
        await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.False(Directory.Exists(engine.Paths.Container(container.Id)));
    }

    [Fact]
    public async Task A_killed_monitor_takes_the_container_along_and_the_next_command_repairs()
    {
        Container container = await engine.StartSleeperAsync();
        using (Process monitor = Process.GetProcessById(container.MonitorProcessId!.Value)) monitor.Kill();
        await EngineFixture.UntilAsync(() => !ProcessIsAlive(container.MonitorProcessId.Value));

        Container read = await engine.Containers.GetAsync(container.Id, Cancel);

        Assert.Equal((ContainerState.Exited, 137, "The monitor was lost."), (read.State, read.ExitCode, read.Error));
        Assert.False(ProcessIsAlive(container.ProcessId!.Value));
        Assert.False(Directory.Exists(engine.Paths.ContainerRun(container.Id)));
        Assert.False(CgroupHost.Current.Open("/containertools/" + container.Id).Exists);
        Assert.Equal(ContainerState.Running, (await engine.Containers.StartAsync(container.Id, Cancel)).State);
    }

    [Fact]
    public async Task A_waiter_notices_a_killed_monitor()
    {
        Container container = await engine.StartSleeperAsync();
        Task<Container> wait = engine.Containers.WaitAsync(container.Id, Cancel);
        using (Process monitor = Process.GetProcessById(container.MonitorProcessId!.Value)) monitor.Kill();
        Assert.Equal((137, "The monitor was lost."), ((await wait).ExitCode, (await wait).Error));
    }

    [Fact]
    public async Task A_restart_policy_restarts_until_the_user_stops_it()
    {
        Container container = await engine.StartAsync(
            engine.Options("sh", "-c", "echo up; sleep 0.05; exit 1") with { RestartPolicy = new RestartPolicy(RestartCondition.Always) });
        await UntilUpAsync(container.Id, 3);
        Container stopped = await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(ContainerState.Exited, stopped.State);
        Assert.True(stopped.RestartCount >= 2);
    }

    private async Task UntilUpAsync(string container, int times)
    {
        int seen = 0;
        await foreach (ContainerLogEntry entry in engine.Containers.ReadLogAsync(container, new ContainerLogOptions { Follow = true }, Cancel))
        {
            if (entry.Message == "up" && ++seen == times) return;
        }

        Assert.Fail("the container ended too early");
    }

    private static bool ProcessIsAlive(int processId) => ProcessStat.StartTimeOf(processId) is not null;
}
