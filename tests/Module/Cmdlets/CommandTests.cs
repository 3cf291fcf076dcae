using System.Management.Automation;
using Xunit;

namespace ContainerTools.Module.Tests.Cmdlets;

/// <summary>Commands in containers: output, errors, exit codes, input.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly FakeEngine _engine = new();
    private readonly Session _session;

    public CommandTests()
    {
        _session = new Session(_engine);
        _engine.Add("web", ContainerState.Running);
        _engine.Add("db", ContainerState.Running);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Output_comes_as_lines_and_the_exit_code_in_LASTEXITCODE()
    {
        FakeSession process = new FakeSession { ExitCode = 3 }.Out("on").Out("e\r\ntwo\n").Out("thr\u00e9e").End();
        _engine.Session = () => process;

        Session.Result result = _session.Run("Invoke-ContainerCommand web -- ls -l /etc; $LASTEXITCODE");

        Assert.Equal(["one", "two", "thr\u00e9e", "3"], result.Lines);
        Assert.Empty(result.Errors);
        Assert.Equal(["ls", "-l", "/etc"], _engine.LastExec!.Command);
        Assert.False(_engine.LastExec.Interactive);
        Assert.True(process.Disposed);
    }

    [Fact]
    public void Standard_error_goes_to_the_error_stream_as_a_native_programs_does()
    {
        _engine.Session = () => new FakeSession().Out("bad\n", OutputStream.StandardError).Out("good\n").End();

        Session.Result result = _session.Run("$ErrorActionPreference = 'Stop'; Invoke-ContainerCommand web cmd; 'goes on'");

        Assert.Null(result.Thrown);
        Assert.Equal(["good", "goes on"], result.Lines);
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("bad", error.Exception.Message);
        Assert.Equal("NativeCommandError", error.FullyQualifiedErrorId);
    }

    [Fact]
    public void Standard_error_can_be_redirected_and_merged()
    {
        _engine.Session = () => new FakeSession().Out("bad\n", OutputStream.StandardError).Out("good\n").End();

        Session.Result redirected = _session.Run("Invoke-ContainerCommand web cmd 2>&1");
        Session.Result dropped = _session.Run("Invoke-ContainerCommand web cmd 2>$null");
        Session.Result merged = _session.Run("Invoke-ContainerCommand web cmd -MergeError");

        Assert.Equal(["bad", "good"], redirected.Lines);
        Assert.IsType<ErrorRecord>(redirected.Output[0].BaseObject);
        Assert.Empty(redirected.Errors);
        Assert.Equal(["good"], dropped.Lines);
        Assert.Empty(dropped.Errors);
        Assert.Equal(["bad", "good"], merged.Lines);
        Assert.IsType<string>(merged.Output[0].BaseObject);
    }

    [Fact]
    public void Standard_error_is_caught_by_ErrorVariable()
    {
        _engine.Session = () => new FakeSession().Out("bad\n", OutputStream.StandardError).End();

        Session.Result result = _session.Run("Invoke-ContainerCommand web cmd -ErrorVariable e -ErrorAction SilentlyContinue; \"<$e>\"");

        Assert.Equal(["<bad>"], result.Lines);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void A_failure_is_an_error_when_the_user_wants_it_to_be()
    {
        _engine.Session = () => new FakeSession { ExitCode = 2 }.End();

        Session.Result result = _session.Run("$PSNativeCommandUseErrorActionPreference = $true; Invoke-ContainerCommand web cmd");

        Assert.Equal(["ProgramExitedWithNonZeroCode"], result.ErrorIds);
    }

    [Theory]
    [InlineData(ErrorCode.CommandNotFound, 127)]
    [InlineData(ErrorCode.CommandNotExecutable, 126)]
    [InlineData(ErrorCode.UserNotFound, 125)]
    public void A_command_that_cannot_be_started_is_an_error_with_the_shells_exit_code(ErrorCode code, int exitCode)
    {
        _engine.During = (_, _, _) => throw new ContainerException(code, "No.", "web");

        Session.Result result = _session.Run("Invoke-ContainerCommand web nope; $LASTEXITCODE");

        Assert.Equal([code.ToString()], result.ErrorIds);
        Assert.Equal("web", Assert.IsType<Container>(result.Errors[0].TargetObject).Name);
        Assert.Equal([$"{exitCode}"], result.Lines);
    }

    [Fact]
    public void The_pipeline_is_standard_input()
    {
        FakeSession process = new() { Echo = true };
        _engine.Session = () => process;

        Session.Result result = _session.Run("'a', 7, 'b' | Invoke-ContainerCommand web cat");

        Assert.Equal(["a", "7", "b"], result.Lines);
        Assert.Equal("a\n7\nb\n", process.Input);
        Assert.True(_engine.LastExec!.Interactive);
    }

    [Fact]
    public void Bytes_go_in_as_they_are()
    {
        FakeSession process = new() { Echo = true };
        _engine.Session = () => process;

        _session.Run(", [byte[]](104, 105) | Invoke-ContainerCommand web cat");

        Assert.Equal("hi", process.Input);
    }

    [Fact]
    public void Much_input_and_output_do_not_wait_for_each_other()
    {
        _engine.Session = () => new FakeSession { Echo = true };

        Session.Result result = _session.Run("1..20000 | Invoke-ContainerCommand web cat");

        Assert.Equal(20000, result.Output.Count);
        Assert.Equal("20000", result.Output[^1].ToString());
    }

    [Fact]
    public void A_process_that_does_not_read_on_is_no_error()
    {
        _engine.Session = () => new FakeSession { BreaksAfter = 2 }.Out("head\n").End();

        Session.Result result = _session.Run("1..100 | Invoke-ContainerCommand web head; $LASTEXITCODE");

        Assert.Equal(["head", "0"], result.Lines);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void An_empty_pipeline_runs_the_command_with_no_input_only_where_a_container_is_known()
    {
        _engine.Session = () => new FakeSession().Out("ran\n").End();

        Assert.Empty(_session.Run("@() | Invoke-ContainerCommand -Command ls").Output);
    }

    [Fact]
    public void Containers_in_the_pipeline_are_where_the_command_runs()
    {
        _engine.Session = () => new FakeSession().Out("x\n").End();

        Session.Result result = _session.Run("Get-Container | Invoke-ContainerCommand -- hostname -f");

        Assert.Equal(["x", "x"], result.Lines);
        Assert.Equal(["exec web", "exec db"], _engine.Calls);
        Assert.Equal(["hostname", "-f"], _engine.LastExec!.Command);
    }

    [Fact]
    public void Input_for_several_containers_is_refused()
    {
        Session.Result result = _session.Run("'x' | Invoke-ContainerCommand * cat");

        Assert.Equal(["InvalidArgument"], result.ErrorIds);
        Assert.Empty(_engine.Calls);
    }

    [Theory]
    [InlineData("Invoke-ContainerCommand web")]
    [InlineData("Invoke-ContainerCommand")]
    public void A_missing_command_or_container_is_told(string script)
    {
        Session.Result result = _session.Run(script);

        Assert.Equal(["InvalidArgument"], result.ErrorIds);
    }

    [Fact]
    public void A_pipeline_that_ends_early_ends_the_session()
    {
        FakeSession process = new FakeSession().Out("1\n2\n3\n");
        _engine.Session = () => process;

        Session.Result result = _session.Run("Invoke-ContainerCommand web yes | ForEach-Object { $_; if ($_ -eq 2) { throw 'enough' } }");

        Assert.Equal(["1", "2"], result.Lines);
        Assert.Equal("enough", result.Thrown!.Message);
        Assert.True(process.Disposed);
    }

    [Fact]
    public void Invoke_runs_and_removes()
    {
        _engine.Log.Add(new ContainerLogEntry("job", DateTimeOffset.UtcNow, OutputStream.StandardOutput, "hello"));

        Session.Result result = _session.Run("Invoke-Container busybox -Name job -- echo hello; $LASTEXITCODE");

        Assert.Equal(["hello", "0"], result.Lines);
        Assert.Equal(["create job", "start job", "log job", "wait job", "remove job"], _engine.Calls);
        Assert.True(_engine.LastLog!.Follow);
        Assert.True(_engine.LastRemove!.Force);
    }

    [Fact]
    public void Invoke_removes_what_could_not_be_started()
    {
        _engine.During = (operation, _, _) => operation == "start"
            ? throw new ContainerException(ErrorCode.CommandNotFound, "nope: not found.", "job")
            : Task.CompletedTask;

        Session.Result result = _session.Run("Invoke-Container busybox nope -Name job; $LASTEXITCODE");

        Assert.Equal(["CommandNotFound"], result.ErrorIds);
        Assert.Equal(["127"], result.Lines);
        Assert.False(_engine.Has("job"));
    }

    [Fact]
    public void Invoke_takes_the_pipeline_as_standard_input()
    {
        FakeSession process = new() { Echo = true };
        _engine.Session = () => process;

        Session.Result result = _session.Run("'a', 'b' | Invoke-Container busybox cat -Name job");

        Assert.Equal(["a", "b"], result.Lines);
        Assert.Equal(["create job", "start job", "attach job", "wait job", "remove job"], _engine.Calls);
        Assert.True(_engine.LastCreate!.Interactive);
    }

    [Fact]
    public async Task Invoke_removes_the_container_when_it_is_interrupted()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _engine.During = async (operation, _, cancellation) =>
        {
            if (operation != "log") return;
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        using PowerShell shell = _session.Begin("Invoke-Container busybox sleep 1000 -Name job");
        Task running = shell.InvokeAsync();
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);

        shell.Stop();

        await Assert.ThrowsAnyAsync<PipelineStoppedException>(() => running);
        Assert.False(_engine.Has("job"));
    }
}
