using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Monitoring;

public sealed class MonitorRestartTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_started_again_as_often_as_the_policy_says()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.OnFailure, RestartMaximum = 2 };
        await container.StartScriptAsync("echo $$; exit 6");
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(6, exit.ExitCode);
        Assert.Equal(2, exit.RestartCount);
        Assert.Equal(["1", "1", "1"], (await container.LogAsync()).Select(line => line.Message));
        Assert.False(Directory.Exists(container.RunFolder));
        Assert.False(container.Cgroup.Exists);
    }

    [Fact]
    public async Task A_success_is_not_a_failure()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.OnFailure };
        await container.StartAsync("/bin/true");
        Assert.Equal(0, (await container.WaitAsync()).RestartCount);
    }

    [Fact]
    public async Task While_it_rests_the_state_says_so_and_a_stop_ends_it_at_once()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.Always };
        await container.StartScriptAsync("exit 8");
        // Later pauses are long enough to be met, whatever else the machine does.
        await MonitoredContainer.UntilAsync(() => container.State() is { Status: RunStatus.Restarting, RestartCount: >= 5 });
        RunRecord state = container.State();
        Assert.Equal(0, state.ProcessId);
        Assert.Equal(8, state.ExitCode);
        using SafeFileHandle monitor = container.OpenMonitor()!;
        File.WriteAllText(Path.Combine(container.RunFolder, "stopped"), "");
        await DescriptorWaiter.WaitReadableAsync(monitor, Cancelled);
        ExitRecord exit = container.Exit();
        Assert.Equal(8, exit.ExitCode);
        Assert.InRange(exit.RestartCount, 4, 6);
        Assert.False(Directory.Exists(container.RunFolder));
    }

    [Fact]
    public async Task A_stopped_container_is_left_at_rest()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.Always };
        int processId = await container.StartAsync("/bin/sleep", "1000");
        File.WriteAllText(Path.Combine(container.RunFolder, "stopped"), "");
        using (SafeFileHandle process = Libc.OpenProcess(processId)!) Libc.SendSignal(process, Signal.SIGKILL);
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(137, exit.ExitCode);
        Assert.Equal(0, exit.RestartCount);
    }

    [Fact]
    public async Task A_changed_configuration_and_policy_take_effect()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.None };
        int processId = await container.StartAsync("/bin/sleep", "1000");
        container.Record = container.Record with { RestartCondition = RestartCondition.OnFailure, RestartMaximum = 1 };
        container.Write("/bin/sh", "-c", "exit 21");
        using (SafeFileHandle process = Libc.OpenProcess(processId)!) Libc.SendSignal(process, Signal.SIGKILL);
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(21, exit.ExitCode);
        Assert.Equal(1, exit.RestartCount);
    }

    [Fact]
    public async Task A_restart_that_fails_is_the_end()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.Always };
        int processId = await container.StartAsync("/bin/sleep", "1000");
        File.Delete(Path.Combine(container.Folder, "rootfs", "bin", "sleep"));
        using (SafeFileHandle process = Libc.OpenProcess(processId)!) Libc.SendSignal(process, Signal.SIGKILL);
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(127, exit.ExitCode);
        Assert.Contains("/bin/sleep", exit.Error, StringComparison.Ordinal);
        Assert.False(container.Cgroup.Exists);
    }

    [Fact]
    public async Task Attached_clients_leave_at_each_end_and_waiters_at_the_last()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.OnFailure, RestartMaximum = 1 };
        await container.StartScriptAsync("while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 2");
        Task<ExitRecord?> waiting = ControlClient.WaitForEndAsync(container.RunFolder, Cancelled);
        await using AttachedSession session = await ControlClient.AttachAsync(container.RunFolder, null, new ContainerAttachOptions(), Cancelled);
        File.WriteAllText(Path.Combine(container.Folder, "rootfs", "tmp", "go"), "");
        await foreach (OutputChunk chunk in session.ReadOutputAsync(Cancelled)) Assert.Fail("Nothing was written.");
        Assert.Equal(2, await session.WaitAsync(Cancelled));
        Assert.Equal(1, (await waiting)!.RestartCount);
    }
}
