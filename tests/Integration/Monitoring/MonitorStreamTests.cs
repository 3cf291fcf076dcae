using System.Diagnostics;
using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Monitoring;

public sealed class MonitorStreamTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_megabytes_are_all_in_the_log()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        const int Lines = 500_000;
        await container.StartAsync("/bin/busybox", "awk", $"BEGIN {{ for (i = 1; i <= {Lines}; i++) printf \"%099d\\n\", i }}");
        Assert.Equal(0, (await container.WaitAsync()).ExitCode);
        long expected = 1;
        await foreach (ContainerLogEntry line in new Runtime.Logs.LogReader(container.Log, "web").ReadAsync(new ContainerLogOptions(), null, Cancelled))
        {
            if (line.Message.Length != 99 || long.Parse(line.Message, CultureInfo.InvariantCulture) != expected) Assert.Fail($"line {expected} is {line.Message}");
            expected++;
        }

        Assert.Equal(Lines, expected - 1);
    }

    [Fact]
    public async Task The_log_is_rotated()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { LogMaxSize = 100_000, LogMaxFiles = 3 };
        await container.StartAsync("/bin/seq", "20000");
        await container.WaitAsync();
        Assert.Equal(["log", "log.1", "log.2"], Directory.GetFiles(container.Folder, "log*").Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(container.Folder, "log*"), file => Assert.InRange(new FileInfo(file).Length, 1, 100_000));
        List<ContainerLogEntry> lines = await container.LogAsync();
        Assert.Equal(Enumerable.Range(20_001 - lines.Count, lines.Count).Select(i => i.ToString(CultureInfo.InvariantCulture)), lines.Select(line => line.Message));
    }

    [Fact]
    public async Task A_full_disk_does_not_hold_the_container_up()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { LogPath = "/dev/full" };
        await container.StartAsync("/bin/seq", "200000");
        Assert.Equal(0, (await container.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task Attached_to_cat_what_goes_in_comes_out()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { Interactive = true };
        await container.StartAsync("/bin/cat");
        await using AttachedSession session = await AttachAsync(container, standardInput: true);
        await using AttachedSession watcher = await AttachAsync(container);
        byte[] data = new byte[1_000_000];
        Random.Shared.NextBytes(data);
        Task<(byte[], byte[])> echo = ReadAsync(session);
        Task<(byte[], byte[])> seen = ReadAsync(watcher);
        await session.WriteInputAsync(data, Cancelled);
        await session.CloseInputAsync(Cancelled);
        Assert.Equal(data, (await echo).Item1);
        Assert.Equal(data, (await seen).Item1);
        Assert.Equal(0, await session.WaitAsync(Cancelled));
        Assert.Equal(0, await watcher.WaitAsync(Cancelled));
        Assert.Equal(0, (await container.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task Started_attached_not_a_byte_is_missed()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Write("/bin/sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo failed >&2; exit 5");
        await using AttachedSession session = await MonitorProcess.StartAttachedAsync(container.RunFolder, null, standardInput: false, Cancelled);
        Assert.NotNull(session.ProcessId);
        // Longer than the container would need: it waits for its reader.
        await Task.Delay(200, Cancelled);
        Assert.True(ProcessStat.StartTimeOf(session.ProcessId.Value) is not null);
        (byte[] output, byte[] error) = await ReadAsync(session);
        Assert.Equal(3_000_000, output.Length);
        Assert.All(output, value => Assert.Equal((byte)'x', value));
        Assert.Equal("failed\n", Encoding.UTF8.GetString(error));
        Assert.Equal(5, await session.WaitAsync(Cancelled));
        Assert.Equal(5, (await container.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task Started_attached_and_abandoned_the_container_goes_on()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Write("/bin/sh", "-c", "head -c 3000000 /dev/zero; exit 5");
        await using (await MonitorProcess.StartAttachedAsync(container.RunFolder, null, standardInput: false, Cancelled))
        {
        }

        Assert.Equal(5, (await container.WaitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_start_that_fails_fails_attached_too()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Write("/bin/nothing");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => MonitorProcess.StartAttachedAsync(container.RunFolder, null, standardInput: false, Cancelled));
        Assert.Equal(ErrorCode.CommandNotFound, error.Code);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_disconnected_and_the_container_is_not_held_up()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        await container.StartScriptAsync("while [ ! -e /tmp/go ]; do sleep 0.05; done; head -c 5000000 /dev/zero");
        await using AttachedSession session = await AttachAsync(container);
        Go(container);
        Assert.Equal(0, (await container.WaitAsync()).ExitCode);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => ReadAsync(session));
        Assert.Equal(ErrorCode.MonitorLost, error.Code);
        await Assert.ThrowsAsync<ContainerException>(() => session.WaitAsync(Cancelled));
    }

    [Fact]
    public async Task A_client_that_holds_the_output_gets_all_of_it_however_slow_it_is()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        await container.StartScriptAsync("while [ ! -e /tmp/go ]; do sleep 0.05; done; head -c 5000000 /dev/zero");
        await using AttachedSession session = await ControlClient.AttachAsync(
            container.RunFolder, null, new ContainerAttachOptions { HoldOutput = true }, Cancelled);
        Go(container);
        // Long enough for a container that is not held to be at its end.
        await Task.Delay(500, Cancelled);
        Assert.Equal(Runtime.Containers.RunStatus.Running, container.State().Status);
        Assert.Equal(5_000_000, (await ReadAsync(session)).Output.Length);
        Assert.Equal(0, await session.WaitAsync(Cancelled));
    }

    [Fact]
    public async Task A_replay_and_what_follows_it_are_complete_and_nothing_is_double()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { LogMaxSize = 200_000, LogMaxFiles = 50 };
        await container.StartScriptAsync("seq 20000; printf unfin; while [ ! -e /tmp/go ]; do seq 20001 20010 >/dev/null; done; echo ished; seq 20001 40000");
        await MonitoredContainer.UntilAsync(() => File.Exists(container.Log + ".3"));
        await using AttachedSession session = await ControlClient.AttachAsync(
            container.RunFolder, container.Log, new ContainerAttachOptions { Replay = true }, Cancelled);
        Go(container);
        (byte[] output, _) = await ReadAsync(session);
        string expected = string.Concat(Enumerable.Range(1, 40_000).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i}\n")))
            .Replace("20000\n", "20000\nunfinished\n", StringComparison.Ordinal);
        Assert.Equal(expected, Encoding.UTF8.GetString(output));
    }

    [Fact]
    public async Task A_terminal_is_one_stream_with_a_size_and_an_end_of_input()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        container.Record = container.Record with { Interactive = true };
        container.Terminal = true;
        await container.StartScriptAsync("stty -echo; echo ready; read line; stty size; echo err >&2; cat; exit 3");
        await using AttachedSession session = await ControlClient.AttachAsync(
            container.RunFolder, container.Log, new ContainerAttachOptions { StandardInput = true, Replay = true }, Cancelled);
        StringBuilder seen = new();
        bool sized = false;
        await foreach (OutputChunk chunk in session.ReadOutputAsync(Cancelled))
        {
            Assert.Equal(OutputStream.StandardOutput, chunk.Stream);
            seen.Append(Encoding.UTF8.GetString(chunk.Data.Span));
            if (sized || !seen.ToString().Contains("ready\r\n", StringComparison.Ordinal)) continue;
            sized = true;
            await session.ResizeAsync(123, 45, Cancelled);
            await session.WriteInputAsync("go\n"u8.ToArray(), Cancelled);
            await session.WriteInputAsync("to cat\n"u8.ToArray(), Cancelled);
            await session.CloseInputAsync(Cancelled);
        }

        Assert.Equal("ready\r\n45 123\r\nerr\r\nto cat\r\n", seen.ToString());
        Assert.Equal(3, await session.WaitAsync(Cancelled));
        await container.WaitAsync();
        Assert.Equal(["ready", "45 123", "err", "to cat"], (await container.LogAsync()).Select(line => line.Message));
    }

    [Fact]
    public async Task The_socket_works_below_a_long_path()
    {
        await using MonitoredContainer container = MonitoredContainer.Create(new string('x', 150));
        container.Record = container.Record with { Interactive = true };
        await container.StartAsync("/bin/cat");
        await using AttachedSession session = await AttachAsync(container, standardInput: true);
        await session.WriteInputAsync("hello"u8.ToArray(), Cancelled);
        await session.CloseInputAsync(Cancelled);
        Assert.Equal("hello"u8.ToArray(), (await ReadAsync(session)).Item1);
    }

    [Fact]
    public async Task Only_root_and_the_owner_may_connect()
    {
        // The mode keeps others out; were it changed, the monitor still asks the kernel who they are.
        const string Client = """
            use Socket; $SIG{PIPE} = "IGNORE";
            socket(S, PF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un($ARGV[0])) or die "connect: $!";
            syswrite(S, qq({"verb":"attach"}\n));
            print(sysread(S, $_, 100) ? "welcome" : "refused");
            """;
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/perl"), "setpriv or perl is not installed");
        await using MonitoredContainer container = MonitoredContainer.Create();
        await container.StartAsync("/bin/sleep", "1000");
        string socket = Path.Combine(container.RunFolder, "monitor.sock");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        for (string? folder = container.RunFolder; folder is { Length: > 4 }; folder = Path.GetDirectoryName(folder))
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        }

        File.SetUnixFileMode(socket, (UnixFileMode)0x1b6);
        Assert.Equal("welcome", await RunAsync("/usr/bin/perl", "-e", Client, socket));
        Assert.Equal("refused", await RunAsync("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/perl", "-e", Client, socket));
    }

    [Fact]
    public async Task Without_a_monitor_there_is_nothing_to_attach_to()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => AttachAsync(container));
        Assert.Equal(ErrorCode.ContainerNotRunning, error.Code);
        await container.StartAsync("/bin/sleep", "1000");
        using SafeFileHandle monitor = container.OpenMonitor()!;
        Libc.SendSignal(monitor, Signal.SIGKILL);
        await DescriptorWaiter.WaitReadableAsync(monitor, Cancelled);
        error = await Assert.ThrowsAsync<ContainerException>(() => AttachAsync(container));
        Assert.Equal(ErrorCode.ContainerNotRunning, error.Code);
        Assert.Null(await ControlClient.WaitForEndAsync(container.RunFolder, Cancelled));
    }

    [Fact]
    public async Task A_killed_monitor_ends_its_sessions()
    {
        await using MonitoredContainer container = MonitoredContainer.Create();
        await container.StartAsync("/bin/sleep", "1000");
        await using AttachedSession session = await AttachAsync(container);
        Task<ExitRecordOrNull> waiting = WaitForEndAsync(container);
        using SafeFileHandle monitor = container.OpenMonitor()!;
        Libc.SendSignal(monitor, Signal.SIGKILL);
        Assert.Equal(ErrorCode.MonitorLost, (await Assert.ThrowsAsync<ContainerException>(() => ReadAsync(session))).Code);
        Assert.Null((await waiting).Record);
    }

    private static async Task<ExitRecordOrNull> WaitForEndAsync(MonitoredContainer container)
        => new(await ControlClient.WaitForEndAsync(container.RunFolder, Cancelled));

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        return await process.StandardOutput.ReadToEndAsync(Cancelled);
    }

    private static Task<AttachedSession> AttachAsync(MonitoredContainer container, bool standardInput = false)
        => ControlClient.AttachAsync(container.RunFolder, null, new ContainerAttachOptions { StandardInput = standardInput }, Cancelled);

    private static void Go(MonitoredContainer container) => File.WriteAllText(Path.Combine(container.Folder, "rootfs", "tmp", "go"), "");

    private static async Task<(byte[] Output, byte[] Error)> ReadAsync(AttachedSession session)
    {
        using MemoryStream output = new();
        using MemoryStream error = new();
        await foreach (OutputChunk chunk in session.ReadOutputAsync(Cancelled))
        {
            (chunk.Stream == OutputStream.StandardError ? error : output).Write(chunk.Data.Span);
        }

        return (output.ToArray(), error.ToArray());
    }

    private sealed record ExitRecordOrNull(Runtime.Containers.ExitRecord? Record);
}
