using System.Management.Automation;
using System.Net;
using Xunit;

namespace ContainerTools.Module.Tests.Cmdlets;

public sealed class NetworkCommandTests : IDisposable
{
    private readonly FakeEngine _engine = new();
    private readonly Session _session;

    public NetworkCommandTests() => _session = new Session(_engine);

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Connect_says_how_a_container_is_to_be_in_the_network()
    {
        _engine.Add("web", ContainerState.Running);
        Session.Result result = _session.Run("Connect-ContainerNetwork red web -Alias www, api -IPAddress fd00::5, 10.1.2.3 -MacAddress 02-AA-bb-cc-dd-01 -Priority 7");

        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
        NetworkAttachment attachment = _engine.LastAttachment!;
        Assert.Equal("red", attachment.Network);
        Assert.Equal(["www", "api"], attachment.Aliases);
        Assert.Equal(IPAddress.Parse("10.1.2.3"), attachment.Address);
        Assert.Equal(IPAddress.Parse("fd00::5"), attachment.IPv6Address);
        Assert.Equal("02:aa:bb:cc:dd:01", attachment.HardwareAddress);
        Assert.Equal(7, attachment.Priority);
    }

    [Theory]
    [InlineData("Get-Container | Connect-ContainerNetwork red", "connect red")]
    [InlineData("'a', 'b' | Connect-ContainerNetwork red", "connect red")]
    [InlineData("Get-Container | Disconnect-ContainerNetwork -Network red", "disconnect red")]
    [InlineData("Disconnect-ContainerNetwork red *", "disconnect red")]
    public void Containers_come_by_name_and_from_the_pipeline(string command, string call)
    {
        _engine.Add("a");
        _engine.Add("b", ContainerState.Running);

        Session.Result result = _session.Run(command);

        Assert.Empty(result.Errors);
        Assert.Equal([$"{call} a", $"{call} b"], _engine.Calls);
    }

    [Theory]
    [InlineData("Connect-ContainerNetwork red a -WhatIf")]
    [InlineData("Disconnect-ContainerNetwork red a -WhatIf")]
    public void Nothing_is_done_with_WhatIf(string command)
    {
        _engine.Add("a");
        Assert.Empty(_session.Run(command).Errors);
        Assert.Empty(_engine.Calls);
    }

    [Theory]
    [InlineData("-IPAddress 10.1.2.3, 10.1.2.4")]
    [InlineData("-IPAddress 10.1.2.300")]
    [InlineData("-MacAddress 02:42")]
    [InlineData("-MacAddress 01:00:5e:00:00:01")]
    [InlineData("-MacAddress 00:00:00:00:00:00")]
    [InlineData("-MacAddress +2:42:00:00:00:01")]
    public void What_cannot_be_is_refused_before_anything_is_done(string arguments)
    {
        _engine.Add("a");
        ErrorRecord error = Assert.Single(_session.Run("Connect-ContainerNetwork red a " + arguments).Errors);
        Assert.Equal("InvalidArgument,ContainerTools.Module.Cmdlets.ConnectContainerNetworkCommand", error.FullyQualifiedErrorId);
        Assert.Empty(_engine.Calls);
    }

    [Fact]
    public void What_was_changed_on_the_machine_is_a_warning()
    {
        _engine.NetworkWarnings = ["Forwarding is on now."];
        Assert.Equal(["Forwarding is on now."], _session.Run("New-ContainerNetwork red -WarningVariable said -WarningAction SilentlyContinue > $null; $said.Message").Lines);
        Assert.True(_engine.LastNetwork!.IsolateFromOtherNetworks);
        Assert.Equal(["Forwarding is on now."], _session.Run("Repair-ContainerNetwork red -WarningVariable said -WarningAction SilentlyContinue; $said.Message").Lines);
        _session.Run("New-ContainerNetwork blue -IsolateFromOtherNetworks:$false");
        Assert.False(_engine.LastNetwork.IsolateFromOtherNetworks);
    }

    [Fact]
    public void Patterns_leave_out_what_is_there_from_the_start()
    {
        _engine.NetworkList.Add(new ContainerNetwork { Name = "bridge", Driver = "bridge", Subnets = [], Interface = "ct-bridge", Predefined = true });
        _engine.NetworkList.Add(new ContainerNetwork { Name = "host", Driver = "host", Subnets = [], Interface = "", Predefined = true });
        _engine.NetworkList.Add(new ContainerNetwork { Name = "red", Driver = "bridge", Subnets = [], Interface = "ct-red" });
        Assert.Empty(_session.Run("Repair-ContainerNetwork *").Errors);
        Assert.Equal(["repair network bridge", "repair network red"], _engine.Calls);
        Assert.Empty(_session.Run("Remove-ContainerNetwork *").Errors);
        Assert.Equal("remove network red", _engine.Calls.Last());
        Assert.Equal(3, _engine.Calls.Count);
    }

    [Theory]
    [InlineData(ErrorCode.NetworkAlreadyConnected, ErrorCategory.ResourceExists)]
    [InlineData(ErrorCode.NetworkNotConnected, ErrorCategory.InvalidOperation)]
    [InlineData(ErrorCode.NetworkNotConnectable, ErrorCategory.InvalidOperation)]
    public void A_refusal_concerns_its_container_alone(ErrorCode code, ErrorCategory category)
    {
        foreach (string name in new[] { "a", "b", "c" }) _engine.Add(name);
        _engine.During = (_, name, _) => name == "b" ? throw new ContainerException(code, "It is as it is.", "b") : Task.CompletedTask;

        Session.Result result = _session.Run("Connect-ContainerNetwork red a, b, c -PassThru");

        Assert.Equal(["a", "c"], result.Lines);
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal($"{code},ContainerTools.Module.Cmdlets.ConnectContainerNetworkCommand", error.FullyQualifiedErrorId);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.NotNull(error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void A_test_is_asked_for_as_it_was_said()
    {
        _engine.Add("web", ContainerState.Running);
        Session.Result result = _session.Run("Test-ContainerNetwork web db, 10.0.0.1 80, 443 -Timeout 1.5 -IPv6 -Count 2 -Delay 10ms | ForEach-Object { \"$($_.Container) $($_.Target) $($_.Port) $($_.Round)\" }");

        Assert.Empty(result.Errors);
        Assert.Equal(["test db web", "test 10.0.0.1 web"], _engine.Calls);
        Assert.Equal(
            ["web db 80 1", "web db 443 1", "web db 80 2", "web db 443 2", "web 10.0.0.1 80 1", "web 10.0.0.1 443 1", "web 10.0.0.1 80 2", "web 10.0.0.1 443 2"], result.Lines);
        NetworkTestOptions options = _engine.LastTest!;
        Assert.Equal(TimeSpan.FromSeconds(1.5), options.Timeout);
        Assert.Equal(TimeSpan.FromMilliseconds(10), options.Delay);
        Assert.Equal(System.Net.Sockets.AddressFamily.InterNetworkV6, options.Family);
        Assert.Null(options.Protocol);
        Assert.Empty(_session.Run("Test-ContainerNetwork web db -IPv4 -IPv6").Errors);
        Assert.Equal((System.Net.Sockets.AddressFamily.Unspecified, null, 0), (_engine.LastTest!.Family, _engine.LastTest.Timeout, _engine.LastTest.Ports.Count));
    }

    [Theory]
    [InlineData("Get-Container | Test-ContainerNetwork -Target db -Port 80 -Quiet", "True,True")]
    [InlineData("Test-ContainerNetwork * db -Port 80, 81, 80 -Quiet", "False,False")]
    [InlineData("'a' | Test-ContainerNetwork -Target db, x -Port 81 -Quiet", "False,False")]
    [InlineData("Test-ContainerNetwork a db -Quiet", "True")]
    public void Quiet_answers_for_each_container_and_target(string command, string answers)
    {
        _engine.Add("a", ContainerState.Running);
        _engine.Add("b", ContainerState.Running);
        _engine.Reach = static port => port == 81 ? NetworkTestStatus.Refused : NetworkTestStatus.Reached;
        Session.Result result = _session.Run(command);
        Assert.Empty(result.Errors);
        Assert.Equal(answers, string.Join(',', result.Lines));
    }

    [Fact]
    public void A_container_that_cannot_be_tested_is_an_error_and_the_others_are_tested()
    {
        foreach (string name in new[] { "a", "b", "c" }) _engine.Add(name, ContainerState.Running);
        _engine.During = (_, name, _) => name == "b" ? throw new ContainerException(ErrorCode.ContainerNotRunning, "It does not run.", "b") : Task.CompletedTask;
        Session.Result result = _session.Run("Test-ContainerNetwork * db -Port 80 -Quiet");
        Assert.Equal(["True", "False", "True"], result.Lines);
        Assert.Equal("ContainerNotRunning,ContainerTools.Module.Cmdlets.TestContainerNetworkCommand", Assert.Single(result.Errors).FullyQualifiedErrorId);
    }

    [Fact]
    public void Several_are_tested_at_the_same_time_and_come_in_their_order()
    {
        foreach (string name in new[] { "a", "b", "c" }) _engine.Add(name, ContainerState.Running);
        using SemaphoreSlim last = new(0);
        // The first waits for the last one's test: one after another they would never end.
        _engine.During = async (_, name, cancellation) =>
        {
            if (name == "c") last.Release();
            else if (name == "a") await last.WaitAsync(cancellation);
        };
        Assert.Equal(["a", "b", "c"], _session.Run("(Test-ContainerNetwork * db -Port 80).Container").Lines);
    }

    [Fact]
    public void Rounds_show_how_far_they_are()
    {
        _engine.Add("web", ContainerState.Running);
        using PowerShell shell = _session.Begin("Test-ContainerNetwork web db 80, 81 -Count 2; Test-ContainerNetwork web db 80");
        Assert.Equal(5, shell.Invoke().Count);
        Assert.Equal(
            [("web to db: round 1 of 2", 50, ProgressRecordType.Processing), ("web to db: round 2 of 2", 100, ProgressRecordType.Processing), ("Done", -1, ProgressRecordType.Completed)],
            shell.Streams.Progress.Where(record => record.Activity == "Test network").Select(record => (record.StatusDescription, record.PercentComplete, record.RecordType)));
    }

    [Fact]
    public void An_end_before_time_ends_the_others_tests()
    {
        foreach (string name in new[] { "a", "b", "c" }) _engine.Add(name, ContainerState.Running);
        int ended = 0;
        _engine.During = async (_, name, cancellation) =>
        {
            if (name == "a") throw new ContainerException(ErrorCode.ContainerNotRunning, "It does not run.", "a");
            try
            {
                await Task.Delay(System.Threading.Timeout.Infinite, cancellation);
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
        };
        Session.Result result = _session.Run("try { Test-ContainerNetwork * db -Port 80 -ErrorAction Stop } catch { $_.TargetObject.Name }");
        Assert.Equal(["a"], result.Lines);
        Assert.Equal(2, ended);
    }

    [Fact]
    public void A_container_in_the_place_of_a_target_is_meant_by_its_name()
    {
        _engine.Add("web", ContainerState.Running);
        _engine.Add("db", ContainerState.Running);
        Assert.Empty(_session.Run("Test-ContainerNetwork web (Get-Container db) -Port 80").Errors);
        Assert.Equal(["test db web"], _engine.Calls);
    }
}
