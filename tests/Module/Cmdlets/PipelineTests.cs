using System.Management.Automation;
using Xunit;

namespace ContainerTools.Module.Tests.Cmdlets;

public sealed class PipelineTests : IDisposable
{
    private readonly FakeEngine _engine = new();
    private readonly Session _session;

    public PipelineTests() => _session = new Session(_engine);

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Stop_works_on_several_containers_at_the_same_time()
    {
        for (int i = 0; i < 20; i++) _engine.Add($"c{i}", ContainerState.Running);
        // None is let go before all twenty are being stopped: one after another would never end.
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int under = 0;
        _engine.During = async (operation, _, cancellation) =>
        {
            if (Interlocked.Increment(ref under) == 20) all.SetResult();
            await all.Task.WaitAsync(cancellation);
        };

        Session.Result result = _session.Run("Get-Container | Stop-Container -PassThru");

        Assert.Empty(result.Errors);
        Assert.Equal(20, result.Output.Count);
        Assert.All(result.Output, item => Assert.Equal(ContainerState.Exited, ((Container)item.BaseObject).State));
    }

    [Fact]
    public void Stop_bounds_how_many_are_under_way()
    {
        for (int i = 0; i < 100; i++) _engine.Add($"c{i}", ContainerState.Running);
        int under = 0, most = 0;
        _engine.During = async (_, _, _) =>
        {
            int now = Interlocked.Increment(ref under);
            InterlockedMaximum(ref most, now);
            await Task.Delay(1, CancellationToken.None);
            Interlocked.Decrement(ref under);
        };

        Session.Result result = _session.Run("Stop-Container *");

        Assert.Empty(result.Errors);
        Assert.Equal(100, _engine.Calls.Count(call => call.StartsWith("stop ", StringComparison.Ordinal)));
        Assert.InRange(most, 2, 32);
    }

    [Fact]
    public void Start_keeps_the_order()
    {
        foreach (string name in new[] { "db", "queue", "web" }) _engine.Add(name);

        Session.Result result = _session.Run("'web', 'db', 'queue' | Start-Container -PassThru");

        Assert.Equal(["web", "db", "queue"], result.Lines);
        Assert.Equal(["start web", "start db", "start queue"], _engine.Calls);
    }

    [Fact]
    public void A_failure_concerns_its_item_alone()
    {
        foreach (string name in new[] { "a", "b", "c" }) _engine.Add(name, ContainerState.Running);
        _engine.During = (_, name, _) => name == "b"
            ? throw new ContainerException(ErrorCode.ContainerRunning, "b runs.", "b")
            : Task.CompletedTask;

        Session.Result result = _session.Run("Remove-Container a, b, c");

        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("ContainerRunning,ContainerTools.Module.Cmdlets.RemoveContainerCommand", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidOperation, error.CategoryInfo.Category);
        Assert.Equal("b", Assert.IsType<Container>(error.TargetObject).Name);
        Assert.True(_engine.Has("b"));
        Assert.False(_engine.Has("a") || _engine.Has("c"));
    }

    [Fact]
    public void An_exact_miss_is_an_error_and_a_pattern_that_fits_none_is_not()
    {
        _engine.Add("a");

        Session.Result exact = _session.Run("Get-Container nope, a");
        Session.Result pattern = _session.Run("Get-Container nope*");

        Assert.Equal(["ContainerNotFound"], exact.ErrorIds);
        Assert.Equal("nope", exact.Errors[0].TargetObject);
        Assert.Equal(ErrorCategory.ObjectNotFound, exact.Errors[0].CategoryInfo.Category);
        Assert.NotEmpty(exact.Errors[0].ErrorDetails.RecommendedAction);
        Assert.Equal(["a"], exact.Lines);
        Assert.Empty(pattern.Errors);
        Assert.Empty(pattern.Output);
    }

    [Theory]
    [InlineData("'a' | Start-Container")]
    [InlineData("Start-Container a, a, '*'")]
    [InlineData("[pscustomobject]@{ Name = 'a' } | Start-Container")]
    [InlineData("[pscustomobject]@{ Id = '01f' } | Start-Container")]
    [InlineData("Get-Container a | Start-Container")]
    [InlineData("(Get-Container a), (Get-Container a) | Start-Container")]
    [InlineData("Start-Container -InputObject (Get-Container a)")]
    [InlineData("Start-Container -Id 01")]
    [InlineData("Start-Container -Name ?")]
    public void However_a_container_is_meant_it_is_taken_once(string script)
    {
        _engine.Add("a");

        Session.Result result = _session.Run(script);

        Assert.Empty(result.Errors);
        Assert.Null(result.Thrown);
        Assert.Equal(["start a"], _engine.Calls);
    }

    [Theory]
    [InlineData("Start-Container a")]
    [InlineData("Stop-Container a")]
    [InlineData("Restart-Container a")]
    [InlineData("Suspend-Container a")]
    [InlineData("Resume-Container a")]
    [InlineData("Remove-Container a")]
    [InlineData("Rename-Container a b")]
    [InlineData("Send-ContainerSignal a HUP")]
    [InlineData("Set-ContainerLimit a -Memory 64MB")]
    [InlineData("New-Container busybox")]
    [InlineData("Invoke-Container busybox")]
    [InlineData("Invoke-ContainerCommand a ls")]
    [InlineData("Import-ContainerImage /tmp/nothing.tar")]
    [InlineData("Remove-ContainerImage busybox:latest")]
    public void WhatIf_asks_nothing_of_the_engine(string script)
    {
        _engine.Add("a", ContainerState.Running);
        _engine.ImageList.Add(FakeEngine.Image("busybox:latest"));

        Session.Result result = _session.Run(script + " -WhatIf");

        Assert.Empty(result.Errors);
        Assert.Null(result.Thrown);
        Assert.Empty(_engine.Calls);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Stopping_the_pipeline_cancels_what_is_under_way()
    {
        _engine.Add("a", ContainerState.Running);
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously), cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _engine.During = async (_, _, cancellation) =>
        {
            entered.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                cancelled.SetResult();
            }
        };
        using PowerShell shell = _session.Begin("Wait-Container a");
        Task running = shell.InvokeAsync();
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);

        shell.Stop();

        await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<PipelineStoppedException>(() => running);
    }

    [Fact]
    public void ErrorAction_Stop_ends_the_pipeline_and_lets_nothing_go_on()
    {
        _engine.Add("bad", ContainerState.Running);
        _engine.Add("slow", ContainerState.Running);
        int under = 0;
        _engine.During = async (operation, name, cancellation) =>
        {
            if (name == "bad") throw new ContainerException(ErrorCode.MonitorLost, "The monitor is gone.", name);
            Interlocked.Increment(ref under);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref under);
            }
        };

        Session.Result result = _session.Run("Stop-Container bad, slow -ErrorAction Stop");

        Assert.IsType<ActionPreferenceStopException>(result.Thrown);
        Assert.Equal(0, under);
        Assert.Equal(ContainerState.Running, _engine.Find("slow").State);
    }

    [Fact]
    public void Wait_emits_the_first_to_end_first()
    {
        foreach (string name in new[] { "long", "short" }) _engine.Add(name, ContainerState.Running);
        TaskCompletionSource shortEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _engine.During = async (_, name, cancellation) =>
        {
            if (name == "long") await shortEnded.Task.WaitAsync(cancellation);
            else shortEnded.SetResult();
        };

        Session.Result result = _session.Run("Get-Container | Wait-Container");

        Assert.Equal(["short", "long"], result.Lines);
    }

    [Fact]
    public void Wait_that_takes_too_long_is_an_error()
    {
        _engine.Add("a", ContainerState.Running);
        _engine.During = (_, _, cancellation) => Task.Delay(Timeout.Infinite, cancellation);

        Session.Result result = _session.Run("Wait-Container a -Timeout 0.01");

        Assert.Equal(["Timeout"], result.ErrorIds);
        Assert.Equal(ErrorCategory.OperationTimeout, result.Errors[0].CategoryInfo.Category);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void A_defect_of_the_engine_is_an_error_about_the_item()
    {
        _engine.Add("a");
        _engine.Add("b");
        _engine.During = (_, name, _) => name == "a" ? throw new InvalidOperationException("broken") : Task.CompletedTask;

        Session.Result result = _session.Run("Start-Container a, b -PassThru");

        Assert.Equal(["UnexpectedError"], result.ErrorIds);
        Assert.Equal(["b"], result.Lines);
    }

    [Fact]
    public void Changes_emit_only_with_PassThru()
    {
        _engine.Add("a");

        Assert.Empty(_session.Run("Start-Container a").Output);
        Assert.Equal(["a"], _session.Run("Start-Container a -PassThru").Lines);
    }

    [Fact]
    public void A_cmdlet_that_takes_containers_gets_them_from_the_one_before()
    {
        Session.Result result = _session.Run("New-Container busybox -Name job | Start-Container | Wait-Container | Remove-Container");

        Assert.Empty(result.Output);
        Assert.Equal(["create job", "start job", "wait job", "remove job"], _engine.Calls);
        Assert.False(_engine.Has("job"));
    }

    [Theory]
    [InlineData("Start-Container a | ForEach-Object { 'got' + $_ }")]
    [InlineData("Start-Container a; Get-Container nope* | Stop-Container")]
    [InlineData("Start-Container a | ForEach-Object { 'got' + $_ } | Stop-Container")]
    [InlineData("& { Start-Container a } | ForEach-Object { $_ | Stop-Container }")]
    [InlineData("1 | ForEach-Object { Start-Container a } | Stop-Container")]
    public void Any_other_command_does_not(string script)
    {
        _engine.Add("a");

        Session.Result result = _session.Run(script);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
        Assert.Equal(["start a"], _engine.Calls);
    }

    [Theory]
    [InlineData("Get-Container -State Running", "b")]
    [InlineData("Get-Container -Label tier", "a,b")]
    [InlineData("Get-Container -Label tier=a", "a")]
    [InlineData("Get-Container -Label @{ tier = 'b' }", "b")]
    [InlineData("Get-Container -Image redis*", "b")]
    [InlineData("Get-Container a -State Running", "")]
    [InlineData("Get-Container B", "")]
    [InlineData("Get-Container [ab]", "a,b")]
    [InlineData("Get-Container 0*", "")]
    [InlineData("Get-Container b -State Running", "b")]
    public void Get_keeps_what_fits(string script, string expected)
    {
        _engine.Add("a");
        _engine.Add("b", ContainerState.Running, "redis:7");

        Session.Result result = _session.Run(script + " -ErrorAction Ignore");

        Assert.Null(result.Thrown);
        Assert.Equal(expected, string.Join(',', result.Lines));
    }

    private static void InterlockedMaximum(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
            // Another thread was faster; look again.
        }
    }
}
