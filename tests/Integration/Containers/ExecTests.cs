using System.Text;
using ContainerTools.Runtime.Linux;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>Commands in a running container.</summary>
public sealed class ExecTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task Output_and_error_come_apart_and_the_exit_code_comes_last()
    {
        (int code, string output, string error) = await RunAsync(["sh", "-c", "echo out; echo err >&2; exit 6"]);
        Assert.Equal((6, "out\n", "err\n"), (code, output, error));
    }

    [Fact]
    public async Task It_runs_in_the_container_as_the_options_say()
    {
        Container container = await engine.StartAsync(engine.Options("sleep", "1000") with { HostName = "box", Environment = ["A=1", "B=1"] });
        ContainerExecOptions options = Options("sh", "-c", "id -u; id -g; pwd; hostname; echo $A $B $HOME; test -d /proc/$PPID || echo alone") with
        {
            User = "mail",
            WorkingDirectory = "/tmp",
            Environment = ["B=2"],
        };
        Assert.Equal("8\n12\n/tmp\nbox\n1 2 /var/mail\nalone\n", (await RunAsync(container, options)).Output);
    }

    [Fact]
    public async Task Standard_input_is_read_to_its_end()
    {
        Container container = await engine.StartSleeperAsync();
        await using IContainerSession session = await engine.Containers.ExecAsync(container.Id, Options("wc", "-c") with { Interactive = true }, Cancel);
        byte[] block = new byte[300_000];
        await session.WriteInputAsync(block, Cancel);
        await session.WriteInputAsync(block, Cancel);
        await session.CloseInputAsync(Cancel);
        Assert.Equal("600000\n", (await ReadAsync(session)).Output);
        Assert.Equal(0, await session.WaitAsync(Cancel));
    }

    [Fact]
    public async Task Without_interactive_standard_input_is_empty()
    {
        Assert.Equal((0, "0\n"), Take(await RunAsync(["wc", "-c"])));
    }

    [Fact]
    public async Task Much_output_comes_whole()
    {
        (int code, string output, _) = await RunAsync(["sh", "-c", "yes 0123456789 | head -n 500000"]);
        Assert.Equal((0, 5_500_000), (code, output.Length));
    }

    [Theory]
    [InlineData("/bin/nothing", ErrorCode.CommandNotFound)]
    [InlineData("nothing", ErrorCode.CommandNotFound)]
    [InlineData("/etc/plain", ErrorCode.CommandNotExecutable)]
    public async Task What_cannot_be_executed_is_an_error_at_once(string program, ErrorCode code)
    {
        Container container = await engine.StartSleeperAsync();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.ExecAsync(container.Id, Options(program), Cancel));
        Assert.Equal((code, container.Name), (error.Code, error.Target));
    }

    [Fact]
    public async Task An_exit_code_of_127_is_no_error()
        => Assert.Equal(127, (await RunAsync(["sh", "-c", "exit 127"])).ExitCode);

    [Fact]
    public async Task A_signal_that_ends_it_shows_in_the_exit_code()
        => Assert.Equal(143, (await RunAsync(["sh", "-c", "kill -TERM $$"])).ExitCode);

    [Fact]
    public async Task An_unknown_user_is_an_error()
    {
        Container container = await engine.StartSleeperAsync();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => engine.Containers.ExecAsync(container.Id, Options("true") with { User = "nobody" }, Cancel));
        Assert.Equal(ErrorCode.UserNotFound, error.Code);
    }

    [Fact]
    public async Task It_needs_a_container_that_runs()
    {
        Container container = await engine.StartSleeperAsync();
        await engine.Containers.PauseAsync(container.Id, Cancel);
        Assert.Equal(
            ErrorCode.ContainerPaused,
            (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.ExecAsync(container.Id, Options("true"), Cancel))).Code);
        await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(
            ErrorCode.ContainerNotRunning,
            (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.ExecAsync(container.Id, Options("true"), Cancel))).Code);
        Assert.Equal(
            ErrorCode.InvalidArgument,
            (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.ExecAsync(container.Id, Options(), Cancel))).Code);
    }

    [Fact]
    public async Task A_terminal_has_a_size_and_takes_input()
    {
        Container container = await engine.StartSleeperAsync();
        await using IContainerSession session = await engine.Containers.ExecAsync(
            container.Id, Options("sh", "-c", "read x; stty size; tty; echo $TERM $x") with { Terminal = true }, Cancel);
        await session.ResizeAsync(123, 45, Cancel);
        await session.WriteInputAsync("word\n"u8.ToArray(), Cancel);
        string output = (await ReadAsync(session)).Output.Replace("\r\n", "\n", StringComparison.Ordinal);
        Assert.Equal("word\n45 123\n/dev/pts/0\nxterm word\n", output);
        Assert.Equal(0, await session.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_session_that_is_let_go_ends_its_command()
    {
        Container container = await engine.StartSleeperAsync();
        IContainerSession session = await engine.Containers.ExecAsync(container.Id, Options("sleep", "1000"), Cancel);
        int processId = session.ProcessId!.Value;
        Assert.NotNull(ProcessStat.StartTimeOf(processId));
        await session.DisposeAsync();
        Assert.Equal(137, await session.WaitAsync(Cancel));
        Assert.Null(ProcessStat.StartTimeOf(processId));
    }

    [Fact]
    public async Task A_detached_command_goes_on()
    {
        Container container = await engine.StartSleeperAsync();
        IContainerSession session = await engine.Containers.ExecAsync(container.Id, Options("sleep", "1000") with { Detach = true }, Cancel);
        await session.DisposeAsync();
        Assert.Contains(await engine.Containers.GetProcessesAsync(container.Id, Cancel), process => process.ProcessId == session.ProcessId);
    }

    [Fact]
    public async Task Children_that_a_command_leaves_behind_do_not_hold_the_session()
    {
        (int code, string output, _) = await RunAsync(["sh", "-c", "sleep 1000 & echo done"]);
        Assert.Equal((0, "done\n"), (code, output));
    }

    [Fact]
    public async Task The_end_of_the_container_ends_the_session()
    {
        Container container = await engine.StartSleeperAsync();
        await using IContainerSession session = await engine.Containers.ExecAsync(container.Id, Options("sleep", "1000"), Cancel);
        await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(137, await session.WaitAsync(Cancel));
    }

    [Fact]
    public async Task Capabilities_are_the_containers_and_all_where_privileged()
    {
        Container container = await engine.StartSleeperAsync();
        ContainerExecOptions options = Options("grep", "-E", "CapEff|Seccomp:", "/proc/self/status");
        Assert.Equal("CapEff:\t00000000a80425fb\nSeccomp:\t2\n", (await RunAsync(container, options)).Output);
        string all = (await RunAsync(container, options with { Privileged = true })).Output;
        Assert.Equal($"CapEff:\t{Capability.AvailableMask():x16}\nSeccomp:\t0\n", all);
    }

    private static ContainerExecOptions Options(params string[] command) => new() { Command = command };

    private static (int, string) Take((int ExitCode, string Output, string Error) result) => (result.ExitCode, result.Output);

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] command) => await RunAsync(await engine.StartSleeperAsync(), Options(command));

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(Container container, ContainerExecOptions options)
    {
        await using IContainerSession session = await engine.Containers.ExecAsync(container.Id, options, Cancel);
        (string output, string error) = await ReadAsync(session);
        return (await session.WaitAsync(Cancel), output, error);
    }

    private static async Task<(string Output, string Error)> ReadAsync(IContainerSession session)
    {
        StringBuilder output = new(), error = new();
        await foreach (OutputChunk chunk in session.ReadOutputAsync(Cancel))
        {
            (chunk.Stream == OutputStream.StandardError ? error : output).Append(Encoding.UTF8.GetString(chunk.Data.Span));
        }

        return (output.ToString(), error.ToString());
    }
}
