using Xunit;

namespace ContainerTools.Module.Tests.Cmdlets;

/// <summary>What parameters become on their way to the engine.</summary>
public sealed class OptionTests : IDisposable
{
    private readonly FakeEngine _engine = new();
    private readonly Session _session;

    public OptionTests() => _session = new Session(_engine);

    public void Dispose() => _session.Dispose();

    [Fact]
    public void New_passes_on_what_was_asked_for()
    {
        Session.Result result = _session.Run(
            """
            New-Container busybox -Name web -Environment @{ A = 1 } -Label 'x=y', 'z' -User 1000:1000 -Workdir /srv -HostName box `
              -Volume /data:/srv:ro, cache:/var/cache -Tmpfs /tmp:size=64m -Memory 512MB -Cpus 1.5 -PidsLimit 100 `
              -Ulimit nofile=1024:2048 -CapAdd NET_ADMIN -CapDrop ALL -ReadOnly -UserNamespace -Network none -Sysctl @{ 'net.core.somaxconn' = 128 } `
              -ShmSize 128m -StopSignal INT -StopTimeout 2m -RestartPolicy on-failure:3 -Tty -i -rm -LogMaxSize 10MB -LogMaxFiles 3 -- sh -c 'echo hi'
            """);

        Assert.Null(result.Thrown);
        Assert.Empty(result.Errors);
        ContainerCreateOptions options = _engine.LastCreate!;
        Assert.Equal(("busybox", "web", "1000:1000", "/srv", "box"), (options.Image, options.Name, options.User, options.WorkingDirectory, options.HostName));
        Assert.Equal(["sh", "-c", "echo hi"], options.Command!);
        Assert.Null(options.EntryPoint);
        Assert.Equal(["A=1"], options.Environment);
        Assert.Equal(new Dictionary<string, string> { ["x"] = "y", ["z"] = "" }, options.Labels);
        Assert.Equal(["/data:/srv:ro", "cache:/var/cache", "/tmp:size=64m"], options.Mounts.Select(mount => mount.ToString()));
        Assert.Equal(new ContainerLimit { Memory = 512L << 20, Cpus = 1.5, Processes = 100 }, options.Limit);
        Assert.Equal([new ProcessLimit("RLIMIT_NOFILE", 1024, 2048)], options.ProcessLimits);
        Assert.Equal(["NET_ADMIN"], options.AddedCapabilities);
        Assert.Equal(["ALL"], options.DroppedCapabilities);
        Assert.True(options is { ReadOnlyRoot: true, UserNamespace: true, Terminal: true, Interactive: true, AutoRemove: true, Privileged: false });
        Assert.Equal("none", Assert.Single(options.Networks).Network);
        Assert.Equal("128", options.KernelParameters["net.core.somaxconn"]);
        Assert.Equal(128L << 20, options.SharedMemorySize);
        Assert.Equal(TimeSpan.FromMinutes(2), options.StopTimeout);
        Assert.Equal(new RestartPolicy(RestartCondition.OnFailure, 3), options.RestartPolicy);
        Assert.Equal((10L << 20, 3), (options.LogMaxSize!.Value, options.LogMaxFiles!.Value));
    }

    [Fact]
    public void New_leaves_to_the_engine_what_was_not_asked_for()
    {
        _session.Run("New-Container busybox");

        Assert.Equal(new ContainerLimit(), _engine.LastCreate!.Limit);
        Assert.Null(_engine.LastCreate.Command);
        Assert.Null(_engine.LastCreate.StopTimeout);
        Assert.Null(_engine.LastCreate.NetworkMode);
    }

    [Theory]
    [InlineData("sleep 10", "sleep|10")]
    [InlineData("printf 0x10 1.50 1e3", "printf|0x10|1.50|1e3")]
    [InlineData("ls '-l' /etc", "ls|-l|/etc")]
    [InlineData("-Command sh, '-c', 'exit 3'", "sh|-c|exit 3")]
    [InlineData("-- sh -c 'exit 3'", "sh|-c|exit 3")]
    public void Words_of_the_command_arrive_as_typed(string words, string expected)
    {
        Session.Result result = _session.Run($"New-Container busybox {words}");

        Assert.Null(result.Thrown);
        Assert.Equal(expected, string.Join('|', _engine.LastCreate!.Command!));
    }

    [Fact]
    public void Images_in_the_pipeline_are_what_containers_are_made_from()
    {
        _engine.ImageList.Add(FakeEngine.Image("redis:7"));

        Session.Result result = _session.Run("Get-ContainerImage redis* | New-Container -Name cache; 'busybox' | New-Container -Name b");

        Assert.Empty(result.Errors);
        Assert.Equal(["cache", "b"], result.Lines);
        Assert.Equal("redis:7", _engine.Find("cache").Image);
    }

    [Theory]
    [InlineData("New-Container busybox -Memory lots", "LimitInvalid")]
    [InlineData("New-Container busybox -Cpus many", "LimitInvalid")]
    [InlineData("New-Container busybox -Processes 1.5", "LimitInvalid")]
    [InlineData("New-Container busybox -Ulimit nofile", "LimitInvalid")]
    [InlineData("New-Container busybox -Volume data", "InvalidArgument")]
    [InlineData("New-Container busybox -Volume /data:srv", "InvalidArgument")]
    [InlineData("New-Container busybox -Mount type=floppy,destination=/x", "InvalidArgument")]
    [InlineData("New-Container busybox -RestartPolicy sometimes", "InvalidArgument")]
    [InlineData("Set-ContainerLimit web -Memory lots", "LimitInvalid")]
    public void What_cannot_be_read_is_an_error_that_does_not_end_the_pipeline(string script, string id)
    {
        _engine.Add("web");

        Session.Result result = _session.Run(script + "; 'goes on'");

        Assert.Null(result.Thrown);
        Assert.Equal([id], result.ErrorIds);
        Assert.Equal(["goes on"], result.Lines);
        Assert.Empty(_engine.Calls);
    }

    [Fact]
    public void Limits_that_were_not_given_stay_as_they_are()
    {
        _engine.Add("web");

        Session.Result result = _session.Run("Set-ContainerLimit web -Memory 64MB -Processes unlimited -PassThru");

        Assert.Equal(new ContainerLimit { Memory = 64L << 20, Processes = -1 }, _engine.LastLimit);
        Assert.Equal("web", result.Output[0].Properties["Container"].Value);
        Assert.Equal(64L << 20, ((ContainerLimit)result.Output[0].BaseObject).Memory);
    }

    [Theory]
    [InlineData("10", 10)]
    [InlineData("'1m30s'", 90)]
    [InlineData("(New-TimeSpan -Minutes 1)", 60)]
    [InlineData("0", 0)]
    [InlineData("'00:00:05'", 5)]
    public void Timeouts_are_seconds(string argument, double seconds)
    {
        _engine.Add("web", ContainerState.Running);

        Session.Result result = _session.Run(
            $"function New-TimeSpan {{ param($Minutes) [timespan]::FromMinutes($Minutes) }}; Stop-Container web -Timeout {argument} -Signal INT");

        Assert.Null(result.Thrown);
        Assert.Equal(new ContainerStopOptions { Timeout = TimeSpan.FromSeconds(seconds), Signal = "INT" }, _engine.LastStop);
    }

    [Fact]
    public void Log_options_reach_the_engine()
    {
        _engine.Add("web");

        Session.Result result = _session.Run("Get-ContainerLog web -Tail 5 -Since 10m -Until '2030-01-01' -Stream StandardError");

        Assert.Empty(result.Errors);
        Assert.Equal(5, _engine.LastLog!.Tail);
        Assert.InRange(_engine.LastLog.Since!.Value, DateTimeOffset.Now.AddMinutes(-15), DateTimeOffset.Now.AddMinutes(-5));
        Assert.Equal(2030, _engine.LastLog.Until!.Value.Year);
        Assert.Equal(OutputStream.StandardError, _engine.LastLog.Stream);
    }

    [Fact]
    public void Following_reads_all_containers_at_the_same_time()
    {
        foreach (string name in new[] { "a", "b" })
        {
            _engine.Add(name, ContainerState.Running);
            _engine.Log.Add(new ContainerLogEntry(name, DateTimeOffset.UtcNow, OutputStream.StandardOutput, "from " + name));
        }

        TaskCompletionSource both = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int reading = 0;
        _engine.During = async (_, _, cancellation) =>
        {
            if (Interlocked.Increment(ref reading) == 2) both.SetResult();
            await both.Task.WaitAsync(cancellation);
        };

        Session.Result result = _session.Run("Get-Container | Get-ContainerLog -Follow");

        Assert.Equal(["from a", "from b"], result.Lines.Order());
    }

    [Fact]
    public void Test_answers_with_yes_or_no_when_asked_to()
    {
        _engine.Capabilities.Add(new HostCapability { Category = "Kernel", Name = "version", Status = HostCapabilityStatus.Available, Required = true, Reason = "6.1" });
        _engine.Capabilities.Add(new HostCapability { Category = "Tool", Name = "nft", Status = HostCapabilityStatus.Missing, Reason = "not installed" });

        Assert.Equal(["True"], _session.Run("Test-ContainerHost -Quiet").Lines);
        Assert.Single(_session.Run("Test-ContainerHost -Category Tool").Output);
        Assert.Single(_session.Run("Test-ContainerHost ver*").Output);
    }

    [Fact]
    public void Import_gives_one_name_to_one_file()
    {
        Session.Result refused = _session.Run("Import-ContainerImage /a.tar, /b.tar -Reference x:1");
        Assert.Equal(["InvalidArgument"], refused.ErrorIds);
        Assert.Equal("2 files cannot be imported under the one name 'x:1': /a.tar, /b.tar.", refused.Errors[0].Exception.Message);
        Assert.Null(_engine.LastImport);
        Session.Result result = _session.Run(
            "@{ Path = '/a.tar'; Reference = 'x:1' }, @{ Path = '/b.tar'; Reference = 'x:2' }, @{ Path = '/c.tar'; Reference = 'x:2' } | ForEach-Object { [pscustomobject]$_ } | Import-ContainerImage");
        Assert.Equal(["x:1"], result.Lines);
        Assert.Equal(["InvalidArgument"], result.ErrorIds);
        Assert.Equal("/a.tar", _engine.LastImport!.Path);
    }

    [Fact]
    public void Platforms_are_passed_on_to_import_and_export()
    {
        _engine.ImageList.Add(FakeEngine.Image("app:1"));
        _session.Run("Import-ContainerImage /a.tar");
        Assert.Equal((null, false), (_engine.LastImport!.Platform, _engine.LastImport.AllPlatforms));
        _session.Run("Import-ContainerImage /a.tar -AllPlatforms");
        Assert.True(_engine.LastImport!.AllPlatforms);
        _session.Run("Export-ContainerImage app:1 /a.tar -Format OciArchive -AllPlatforms");
        Assert.Equal((null, true), (_engine.LastExport!.Platform, _engine.LastExport.AllPlatforms));
        _session.Run("Export-ContainerImage app:1 /a.tar -Platform linux/arm64");
        Assert.Equal(("linux/arm64", false), (_engine.LastExport!.Platform, _engine.LastExport.AllPlatforms));
    }

    [Theory]
    [InlineData("", "Of app:1, linux/amd64 was exported alone, without linux/arm64, linux/s390x; -Format OciArchive takes all of them, -Platform chooses one.")]
    [InlineData("-Platform linux/amd64", null)]
    [InlineData("-Format OciArchive", null)]
    public void Export_says_which_platforms_stay_out(string parameters, string? warning)
    {
        _engine.ImageList.Add(FakeEngine.Image("app:1") with { Platforms = ["linux/amd64", "linux/arm64", "linux/s390x"] });
        Session.Result result = _session.Run($"Export-ContainerImage app:1 /a.tar {parameters} -WarningVariable said -WarningAction SilentlyContinue; $said");
        Assert.Equal(warning is null ? [] : [warning], result.Lines);
    }

    [Fact]
    public void Import_passes_on_path_and_defaults()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "rootfs.tar"), "");

            Session.Result result = _session.Run($"$ExecutionContext.SessionState.Path.SetLocation('{folder}') > $null; Import-ContainerImage ./rootfs.tar busybox:1 -Command sh -Environment @{{ A = 1 }} -MaximumLayerSize 2gb");

            Assert.Empty(result.Errors);
            Assert.Equal(Path.Combine(folder, "rootfs.tar"), _engine.LastImport!.Path);
            Assert.Equal("busybox:1", _engine.LastImport.Reference);
            Assert.Equal(2L << 30, _engine.LastImport.MaximumLayerSize);
            Assert.Equal(["sh"], _engine.LastImport.Configuration!.Command);
            Assert.Equal(["A=1"], _engine.LastImport.Configuration.Environment);
            Assert.Equal(["busybox:1"], result.Lines);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
