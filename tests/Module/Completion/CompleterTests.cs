using System.Management.Automation;
using ContainerTools.Module.Completion;
using Xunit;

namespace ContainerTools.Module.Tests.Completion;

public sealed class CompleterTests : IDisposable
{
    private readonly FakeEngine _engine = new();
    private readonly Session _session;

    public CompleterTests() => _session = new Session(_engine);

    public void Dispose() => _session.Dispose();

    [Theory]
    [InlineData("Stop-Container ", "web,db")]
    [InlineData("Start-Container ", "db,web")]
    [InlineData("Get-Container w", "web")]
    [InlineData("Test-ContainerNetwork ", "web,db")]
    [InlineData("Test-ContainerNetwork web d", "db")]
    [InlineData("Test-ContainerNetwork web db -Port 80 -Protocol Ud", "Udp")]
    [InlineData("Get-Container -Id 02", "02ffffffffff")]
    [InlineData("Get-Container 'w", "'web'")]
    [InlineData("New-Container bus", "busybox:latest")]
    [InlineData("Remove-ContainerImage 'odd", "'odd name:1'")]
    [InlineData("Remove-ContainerImage odd", "'odd name:1'")]
    [InlineData("Send-ContainerSignal web -Signal HU", "SIGHUP")]
    [InlineData("Send-ContainerSignal web sigus", "SIGUSR1,SIGUSR2")]
    [InlineData("New-Container busybox -CapAdd net_ad", "CAP_NET_ADMIN")]
    [InlineData("New-Container busybox -RestartPolicy on", "on-failure,on-failure:3")]
    [InlineData("Get-Container -State Ru", "Running")]
    [InlineData("New-Container busybox -Network n", "none")]
    [InlineData("Import-ContainerImage x.tar -Platform linux/arm", "linux/arm64,linux/arm/v7,linux/arm/v6")]
    [InlineData("Export-ContainerImage busybox x.tar -Platform linux/am", "linux/amd64")]
    [InlineData("Publish-ContainerImage busybox -Platform linux/s", "linux/s390x")]
    [InlineData("Receive-ContainerImage busybox -Platform linux/p", "linux/ppc64le")]
    [InlineData("Get-ContainerImage busybox -Remote -Platform linux/r", "linux/riscv64")]
    public void Words_are_completed(string line, string expected)
    {
        _engine.Add("web", ContainerState.Running);
        _engine.Add("db", ContainerState.Exited);
        _engine.ImageList.Add(FakeEngine.Image("busybox:latest"));
        _engine.ImageList.Add(FakeEngine.Image("odd name:1"));

        Assert.Equal(expected, string.Join(',', Complete(line).Select(match => match.CompletionText)));
    }

    [Fact]
    public void An_engine_that_fails_completes_nothing_and_throws_nothing()
    {
        EngineSource.Factory = () => throw new ContainerException(ErrorCode.PermissionDenied, "No.");
        EngineSource.Reset();

        Assert.Empty(new ContainerNameCompleter().CompleteArgument("Get-Container", "Name", "w", null!, null!));
        Assert.Empty(new ImageCompleter().CompleteArgument("Get-ContainerImage", "Name", "", null!, null!));
    }

    [Theory]
    [InlineData("web", '\0', "web")]
    [InlineData("busybox:latest", '\0', "busybox:latest")]
    [InlineData("web", '"', "\"web\"")]
    [InlineData("it's", '\0', "'it''s'")]
    [InlineData("$x", '"', "\"`$x\"")]
    [InlineData("-x", '\0', "'-x'")]
    [InlineData("a;b", '\0', "'a;b'")]
    public void Quotes_go_where_they_are_needed(string value, char quote, string expected) => Assert.Equal(expected, ValueCompleter.Quote(value, quote));

    private System.Collections.ObjectModel.Collection<CompletionResult> Complete(string line)
    {
        using PowerShell shell = _session.Begin("");
        return CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches;
    }
}
