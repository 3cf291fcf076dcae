using System.Diagnostics;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Monitoring;

public sealed class MonitorLifeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_recorded_and_leaves_nothing_behind()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        DateTimeOffset before = DateTimeOffset.UtcNow;
        int processId = await container.StartScriptAsync("echo out; echo err >&2; read line; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 7");
        RunRecord state = container.State();
        Assert.Equal(RunStatus.Running, state.Status);
        Assert.Equal(processId, state.ProcessId);
        Assert.True(ProcessStat.IsAlive(processId, state.ProcessStartTime));
        Assert.True(ProcessStat.IsAlive(state.MonitorProcessId, state.MonitorStartTime));
        Assert.Equal(BootId.Current, state.BootId);
        Assert.Equal(container.Cgroup.Path, state.CgroupPath);
        Assert.Equal(container.RunFolder, state.Bundle);
        Assert.InRange(state.StartedAt, before, DateTimeOffset.UtcNow);
        Assert.Contains(processId, container.Cgroup.Processes());

        // Without standard input "read" ends at once.
        File.WriteAllText(Path.Combine(container.Folder, "rootfs", "tmp", "go"), "");
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(7, exit.ExitCode);
        Assert.Equal(state.StartedAt, exit.StartedAt);
        Assert.InRange(exit.FinishedAt, state.StartedAt, DateTimeOffset.UtcNow);
        Assert.False(exit.OomKilled);
        Assert.Null(exit.Error);
        Assert.False(Directory.Exists(container.RunFolder));
        Assert.False(container.Cgroup.Exists);
        Assert.Null(ProcessStat.StartTimeOf(processId));
        Assert.Equal(["err", "out"], (await container.LogAsync()).Select(line => line.Message).Order());
    }

    [Fact]
    public async Task A_signal_is_128_and_its_number()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        int processId = await container.StartAsync("/bin/sleep", "1000");
        using (SafeFileHandle process = Libc.OpenProcess(processId)!) Libc.SendSignal(process, Signal.SIGKILL);
        Assert.Equal(137, (await container.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task No_zombie_of_the_monitor_stays_with_whoever_spawned_it()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        await container.StartAsync("/bin/sleep", "1000");
        RunRecord state = container.State();
        ProcessStat monitor = ProcessStat.Read(state.MonitorProcessId)!.Value;
        Assert.Equal(Environment.ProcessId, monitor.ParentProcessId);
        using (SafeFileHandle process = Libc.OpenProcess(state.ProcessId)!) Libc.SendSignal(process, Signal.SIGKILL);
        await MonitoredContainer.UntilAsync(() => ProcessStat.Read(state.MonitorProcessId)?.StartTime != state.MonitorStartTime);
    }

    [Fact]
    public async Task It_survives_the_death_of_its_spawner_and_of_the_spawners_terminal()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Write("/bin/sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.05; done; echo done");
        // A shell that ends at once, with its whole process group hung up as when a terminal closes.
        string report = Path.Combine(container.Folder, "report");
        ProcessStartInfo start = new("setsid", ["/bin/sh", "-c", "\"$CTRUN\" monitor \"$1\" 3>\"$2\" & sleep 1000", "sh", container.RunFolder, report]);
        start.Environment["CTRUN"] = EngineTools.Ctrun();
        using Process spawner = Process.Start(start)!;
        await MonitoredContainer.UntilAsync(() => File.Exists(report) && new FileInfo(report).Length > 0);
        RunRecord state = container.State();
        Send(-spawner.Id, Signal.SIGHUP);
        Send(-spawner.Id, Signal.SIGKILL);
        await spawner.WaitForExitAsync(Cancelled);

        Assert.True(ProcessStat.IsAlive(state.MonitorProcessId, state.MonitorStartTime));
        Assert.True(ProcessStat.IsAlive(state.ProcessId, state.ProcessStartTime));
        File.WriteAllText(Path.Combine(container.Folder, "rootfs", "tmp", "go"), "");
        Assert.Equal(0, (await container.WaitAsync()).ExitCode);
        Assert.Equal("done", Assert.Single(await container.LogAsync()).Message);
    }

    [Fact]
    public async Task It_has_a_session_of_its_own_no_descriptors_of_others_and_keeps_no_folder_busy()
    {
        using FileStream inherited = new("/dev/zero", FileMode.Open, FileAccess.Read, FileShare.Inheritable);
        await using MonitoredContainer container = MonitoredContainer.Create();
        await container.StartAsync("/bin/sleep", "1000");
        int monitor = container.State().MonitorProcessId;
        string[] fields = File.ReadAllText($"/proc/{monitor}/stat").Split(") ")[1].Split(' ');
        Assert.Equal(monitor.ToString(System.Globalization.CultureInfo.InvariantCulture), fields[3]); // the session, proc_pid_stat(5)
        Assert.Equal("/", File.ResolveLinkTarget($"/proc/{monitor}/cwd", false)!.FullName);
        // The report's pipe is closed a moment after the report.
        await MonitoredContainer.UntilAsync(() => Open().Count(file => file.StartsWith("pipe:", StringComparison.Ordinal)) == 2);
        Assert.DoesNotContain("/dev/zero", Open());
        Assert.Equal(3, Open().Count(file => file == "/dev/null"));
        Assert.Equal("PATH=" + Environment.GetEnvironmentVariable("PATH"), File.ReadAllText($"/proc/{monitor}/environ").TrimEnd('\0'));

        string[] Open() => [.. Directory.GetFiles($"/proc/{monitor}/fd").Select(file => Libc.ReadLink(file) ?? "")];
    }

    [Fact]
    public async Task The_container_starts_with_no_signal_blocked_or_ignored_and_nothing_open()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        int processId = await container.StartAsync("/bin/sleep", "1000");
        string[] status = File.ReadAllLines($"/proc/{processId}/status");
        Assert.Contains("SigBlk:\t0000000000000000", status);
        Assert.Contains("SigIgn:\t0000000000000000", status);
        Assert.Equal(["0", "1", "2"], Directory.GetFiles($"/proc/{processId}/fd").Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task SIGTERM_to_the_monitor_is_the_containers_stop_signal()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { RestartCondition = RestartCondition.Always, StopSignal = Signal.SIGUSR1 };
        await container.StartScriptAsync("trap 'exit 9' USR1; touch() { : > /tmp/ready; }; touch; while :; do sleep 0.05; done");
        await MonitoredContainer.UntilAsync(() => File.Exists(Path.Combine(container.Folder, "rootfs", "tmp", "ready")));
        using SafeFileHandle monitor = container.OpenMonitor()!;
        Libc.SendSignal(monitor, Signal.SIGTERM);
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(9, exit.ExitCode);
        Assert.Equal(0, exit.RestartCount);
    }

    [Fact]
    public async Task Other_signals_do_not_reach_it()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { Interactive = true };
        await container.StartAsync("/bin/cat");
        using SafeFileHandle monitor = container.OpenMonitor()!;
        foreach (int signal in new[] { Signal.SIGHUP, Signal.SIGINT, Signal.SIGQUIT, Signal.SIGPIPE, Signal.SIGUSR1, Signal.SIGTSTP }) Libc.SendSignal(monitor, signal);
        // It answers, and so does the container.
        await using AttachedSession session = await ControlClient.AttachAsync(
            container.RunFolder, null, new ContainerAttachOptions { StandardInput = true }, Cancelled);
        await session.CloseInputAsync(Cancelled);
        Assert.Equal(0, (await container.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_killed_monitor_takes_the_container_with_it_and_leaves_its_state()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        int processId = await container.StartScriptAsync("sleep 1000 & sleep 1000");
        RunRecord state = container.State();
        using SafeFileHandle monitor = container.OpenMonitor()!;
        using SafeFileHandle process = Libc.OpenProcess(processId)!;
        Libc.SendSignal(monitor, Signal.SIGKILL);
        await DescriptorWaiter.WaitReadableAsync(monitor, Cancelled);
        await DescriptorWaiter.WaitReadableAsync(process, Cancelled);
        Assert.Equal(state, container.State());
        Assert.False(File.Exists(Path.Combine(container.Folder, "exit.json")));
        Assert.Null(ProcessStat.StartTimeOf(state.MonitorProcessId));
        await MonitoredContainer.UntilAsync(() => container.Cgroup.Processes().Count == 0);
        // What is left is for the next command to repair: the cgroup, which is empty, and the run folder.
        Assert.True(container.Cgroup.Exists);
    }

    [Fact]
    public async Task Children_that_outlive_the_first_process_are_killed_and_do_not_keep_it_from_ending()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.PidNamespace = false;
        await container.StartScriptAsync("sleep 1000 & echo started; exit 3");
        Assert.Equal(3, (await container.WaitAsync()).ExitCode);
        Assert.False(container.Cgroup.Exists);
        Assert.Equal("started", Assert.Single(await container.LogAsync()).Message);
    }

    [Fact]
    public async Task The_out_of_memory_killer_is_on_record()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        if (CgroupHostReason("memory") is { } reason) Assert.Skip(reason);
        container.Resources = new OciResources { Memory = new OciMemory { Limit = 16 * 1024 * 1024, Swap = 16 * 1024 * 1024 } };
        await container.StartAsync("/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1");
        ExitRecord exit = await container.WaitAsync();
        Assert.Equal(137, exit.ExitCode);
        Assert.True(exit.OomKilled);
    }

    [Theory]
    [InlineData("/bin/nothing", ErrorCode.CommandNotFound, 127)]
    [InlineData("/tmp", ErrorCode.CommandNotExecutable, 126)]
    public async Task A_command_that_cannot_be_executed_is_reported_and_tidied_up(string command, ErrorCode code, int exitCode)
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => container.StartAsync(command));
        Assert.Equal(code, error.Code);
        Assert.Contains(command, error.Message, StringComparison.Ordinal);
        ExitRecord exit = container.Exit();
        Assert.Equal(exitCode, exit.ExitCode);
        Assert.Equal(error.Message, exit.Error);
        Assert.Null(exit.StartedAt);
        Assert.False(Directory.Exists(container.RunFolder));
        Assert.False(container.Cgroup.Exists);
    }

    [Fact]
    public async Task A_limit_that_the_kernel_refuses_is_reported_and_tidied_up()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        if (CgroupHostReason("pids") is { } reason) Assert.Skip(reason);
        container.Resources = new OciResources { Pids = new OciPids { Limit = long.MaxValue } };
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => container.StartAsync("/bin/true"));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Equal(125, container.Exit().ExitCode);
        Assert.False(container.Cgroup.Exists);
        Assert.False(Directory.Exists(container.RunFolder));
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_read_is_reported()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Write("/bin/true");
        File.WriteAllText(Path.Combine(container.RunFolder, "config.json"), "{\"process\":");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => MonitorProcess.StartAsync(container.RunFolder, null, Cancelled));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Equal(125, container.Exit().ExitCode);

        container.Write("/bin/true");
        File.WriteAllText(Path.Combine(container.RunFolder, "monitor.json"), "{}");
        error = await Assert.ThrowsAsync<ContainerException>(() => MonitorProcess.StartAsync(container.RunFolder, null, Cancelled));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
    }

    [Fact]
    public async Task Auto_remove_takes_everything_away_and_a_waiter_still_learns_the_end()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        string volume = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(container.Folder))!, "volumes", "anonymous");
        Directory.CreateDirectory(Path.Combine(volume, "_data"));
        container.Record = container.Record with { AutoRemove = true, OwnedFolders = [volume] };
        await container.StartScriptAsync("while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 4");
        Task<ExitRecord?> waiting = ControlClient.WaitForEndAsync(container.RunFolder, Cancelled);
        Task<ExitRecord?> alsoWaiting = ControlClient.WaitForEndAsync(container.RunFolder, Cancelled);
        File.WriteAllText(Path.Combine(container.Folder, "rootfs", "tmp", "go"), "");
        ExitRecord? exit = await waiting;
        Assert.Equal(4, exit!.ExitCode);
        Assert.NotNull(exit.StartedAt);
        Assert.Equal(exit, await alsoWaiting);
        Assert.False(Directory.Exists(container.Folder));
        Assert.False(Directory.Exists(container.RunFolder));
        Assert.False(Directory.Exists(volume));
        Assert.Null(Libc.ReadLink(container.NameLink));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(container.Folder)!));
        Assert.Null(await ControlClient.WaitForEndAsync(container.RunFolder, Cancelled));
    }

    [Fact]
    public async Task Auto_remove_leaves_a_name_that_is_another_containers_by_now()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { AutoRemove = true };
        await container.StartAsync("/bin/sleep", "1000");
        File.Delete(container.NameLink);
        File.CreateSymbolicLink(container.NameLink, "another");
        using SafeFileHandle monitor = container.OpenMonitor()!;
        Libc.SendSignal(monitor, Signal.SIGTERM);
        using (SafeFileHandle process = Libc.OpenProcess(container.State().ProcessId)!) Libc.SendSignal(process, Signal.SIGKILL);
        await DescriptorWaiter.WaitReadableAsync(monitor, Cancelled);
        Assert.False(Directory.Exists(container.Folder));
        Assert.Equal("another", Libc.ReadLink(container.NameLink));
    }

    [Fact]
    public async Task Idle_it_does_nothing_and_is_small()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { Interactive = true };
        await container.StartAsync("/bin/cat");
        int monitor = container.State().MonitorProcessId;
        await MonitoredContainer.UntilAsync(() => Activity() is var activity && Settled(activity));
        string before = Activity();
        await Task.Delay(1500, Cancelled);
        Assert.Equal(before, Activity());
        long anonymous = File.ReadAllLines($"/proc/{monitor}/smaps_rollup")
            .Where(line => line.StartsWith("Anonymous:", StringComparison.Ordinal))
            .Select(line => long.Parse(line.AsSpan(10, line.Length - 13), System.Globalization.CultureInfo.InvariantCulture)).Single();
        TestContext.Current.TestOutputHelper?.WriteLine($"anonymous: {anonymous} KiB");
        Assert.InRange(anonymous, 1, 1536);

        bool Settled(string activity)
        {
            Thread.Sleep(700);
            return activity == Activity();
        }

        // Processor time and the number of times that any of its threads was given a processor.
        string Activity() => string.Join(
            ';',
            Directory.GetDirectories($"/proc/{monitor}/task").Order().Select(task =>
                string.Join(' ', File.ReadAllLines(task + "/status").Where(line => line.Contains("ctxt_switches", StringComparison.Ordinal)))
                + ProcessStat.Parse(File.ReadAllBytes(task + "/stat"))!.Value.CpuTicks));
    }

    private static string? CgroupHostReason(string controller) => Runtime.Cgroups.CgroupHost.Current.UnsupportedReason(controller) is { } reason ? $"{controller}: {reason}" : null;

    private static void Send(int processOrGroup, int signal)
    {
        using Process kill = Process.Start("/bin/kill", ["-s", signal.ToString(System.Globalization.CultureInfo.InvariantCulture), "--", processOrGroup.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
