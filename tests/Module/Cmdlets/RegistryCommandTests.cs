using Xunit;

namespace ContainerTools.Module.Tests.Cmdlets;

/// <summary>What the cmdlets ask of registries, and what they make of the answers.</summary>
public sealed class RegistryCommandTests : IDisposable
{
    private const string Credential = "$secret = [securestring]::new(); 'pw'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }; $who = [pscredential]::new('alice', $secret); ";

    private readonly FakeEngine _engine = new();
    private readonly Session _session;

    public RegistryCommandTests() => _session = new Session(_engine);

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Receive_passes_on_what_was_asked_for()
    {
        Session.Result result = _session.Run(
            Credential + "Receive-ContainerImage r.example/x:1 -Platform linux/arm64 -RequireDigest -VerifyKey /k.pub -MaximumLayerSize 2gb -Credential $who -AllowUnencrypted -CertificateFolder /c");
        Assert.Empty(result.Errors);
        Assert.Equal("r.example/x:1", Assert.IsType<ContainerImage>(Assert.Single(result.Output).BaseObject).Reference);
        ImagePullOptions options = _engine.Registries.LastPull!;
        Assert.Equal(("r.example/x:1", "linux/arm64", true, "/k.pub", 2L << 30), (options.Reference, options.Platform, options.RequireDigest, options.VerifyKey, options.MaximumLayerSize));
        Assert.Equal(new RegistryAccess { AllowUnencrypted = true, CertificateFolder = "/c", UserName = "alice", Password = "pw" }, options.Access);
        Assert.DoesNotContain("pw", options.Access.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_is_told_for_its_item_and_a_rate_limit_has_the_time_to_wait()
    {
        _engine.Registries.Failure = new RegistryRateLimitException("too many", "r.example", TimeSpan.FromMinutes(5));
        Session.Result result = _session.Run("Receive-ContainerImage r.example/x, r.example/y");
        Assert.Equal(["RegistryRateLimited", "RegistryRateLimited"], result.ErrorIds);
        Assert.Equal(["pull r.example/x", "pull r.example/y"], _engine.Registries.Calls);
        Assert.Equal(TimeSpan.FromMinutes(5), Assert.IsType<RegistryRateLimitException>(result.Errors[0].Exception).RetryAfter);
    }

    private void MissUntilPulled(string image) => _engine.During = (operation, _, _) => operation == "create" && !_engine.Registries.Calls.Contains("pull " + image)
        ? throw new ContainerException(ErrorCode.ImageNotFound, $"There is no image '{image}'.", image)
        : Task.CompletedTask;

    [Theory]
    [InlineData("", true)]
    [InlineData("-Pull Missing", true)]
    [InlineData("-Pull Always", true)]
    [InlineData("-Pull Never", false)]
    public void New_pulls_an_image_that_is_not_here_unless_told_not_to(string parameter, bool pulls)
    {
        MissUntilPulled("r.example/x");
        Session.Result result = _session.Run($"New-Container r.example/x -Name one {parameter}");
        Assert.Equal(pulls ? ["pull r.example/x"] : [], _engine.Registries.Calls);
        Assert.Equal(pulls ? [] : ["ImageNotFound"], result.ErrorIds);
        Assert.Equal(pulls, _engine.Has("one"));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("-Pull Never", 0)]
    [InlineData("-Pull Always", 1)]
    public void New_pulls_an_image_that_is_here_only_when_told_to(string parameter, int pulls)
    {
        Assert.Empty(_session.Run($"New-Container r.example/x {parameter}").Errors);
        Assert.Equal(pulls, _engine.Registries.Calls.Count);
    }

    [Fact]
    public void What_cannot_be_pulled_is_said_to_be_missing_with_the_reason()
    {
        MissUntilPulled("r.example/y");
        _engine.Registries.Failure = new ContainerException(ErrorCode.RegistryUnreachable, "r.example cannot be reached.", "r.example");
        Session.Result result = _session.Run("New-Container r.example/x");
        Assert.Equal(["RegistryUnreachable"], result.ErrorIds);
        Assert.Equal("There is no image 'r.example/x' on this machine, and it cannot be pulled: r.example cannot be reached.", result.Errors[0].Exception.Message);
        Assert.Equal(["ImageNotFound"], _session.Run("New-Container sha256:" + new string('a', 64)).ErrorIds);
        Assert.Equal(["pull r.example/x"], _engine.Registries.Calls);
    }

    [Fact]
    public void Receive_takes_all_platforms_when_asked()
    {
        _session.Run("Receive-ContainerImage app:1");
        Assert.False(_engine.Registries.LastPull!.AllPlatforms);
        _session.Run("Receive-ContainerImage app:1 -AllPlatforms");
        Assert.True(_engine.Registries.LastPull!.AllPlatforms);
    }

    [Fact]
    public void Publish_takes_images_and_emits_only_when_asked()
    {
        _engine.ImageList.Add(FakeEngine.Image("app:1"));
        Assert.Empty(_session.Run("Get-ContainerImage | Publish-ContainerImage -Reference r.example/app:2").Output);
        Assert.Equal(("app:1", "r.example/app:2"), (_engine.Registries.LastPush!.Image, _engine.Registries.LastPush.Destination));
        Assert.Equal(["r.example/app:2"], _session.Run("Publish-ContainerImage app:1 r.example/app:2 -PassThru").Lines);
        _session.Run("Publish-ContainerImage app:1 -Platform linux/arm64");
        Assert.Equal(("linux/arm64", (ArchiveCompression?)null), (_engine.Registries.LastPush!.Platform, _engine.Registries.LastPush.Compression));
        _session.Run("Publish-ContainerImage app:1 -Compression Zstd");
        Assert.Equal(ArchiveCompression.Zstd, _engine.Registries.LastPush!.Compression);
        Assert.Equal(["ImageNotFound"], _session.Run("Publish-ContainerImage none").ErrorIds);
    }

    [Fact]
    public void Publish_insists_on_all_platforms_when_asked()
    {
        _engine.ImageList.Add(FakeEngine.Image("app:1"));
        _session.Run("Publish-ContainerImage app:1");
        Assert.False(_engine.Registries.LastPush!.AllPlatforms);
        _session.Run("Publish-ContainerImage app:1 -AllPlatforms");
        Assert.True(_engine.Registries.LastPush!.AllPlatforms);
    }

    [Fact]
    public void Publish_gives_one_name_to_one_image()
    {
        _engine.ImageList.Add(FakeEngine.Image("app:1") with { Id = "sha256:" + new string('1', 64) });
        _engine.ImageList.Add(FakeEngine.Image("app:2") with { Id = "sha256:" + new string('2', 64) });
        _engine.ImageList.Add(FakeEngine.Image("app:latest") with { Id = "sha256:" + new string('2', 64) });
        foreach (string command in (string[])["Publish-ContainerImage app:* -Reference r.example/x:1", "Get-ContainerImage app:* | Publish-ContainerImage -Reference r.example/x:1"])
        {
            Session.Result result = _session.Run(command);
            Assert.Equal(["InvalidArgument"], result.ErrorIds);
            Assert.Equal("2 images cannot be published under the one name 'r.example/x:1': app:1, app:2.", result.Errors[0].Exception.Message);
            Assert.Empty(_engine.Registries.Calls);
        }

        // Two names of one image are one, and without a name of its own each keeps its own.
        _session.Run("Publish-ContainerImage app:2, app:latest -Reference r.example/x:1");
        Assert.Equal(["push app:2"], _engine.Registries.Calls);
        _session.Run("Publish-ContainerImage app:*");
        Assert.Equal(4, _engine.Registries.Calls.Count);
    }

    [Theory]
    [InlineData("r.example", true)]
    [InlineData("127.0.0.1:5000", true)]
    [InlineData("localhost", true)]
    [InlineData("host:5000", true)]
    [InlineData("busybox", false)]
    [InlineData("busybox:latest", false)]
    [InlineData("r.example/x", false)]
    [InlineData("localhost/x", false)]
    public void Find_takes_a_host_alone_for_the_registry(string word, bool isRegistry)
    {
        _engine.Registries.Tags.Add("1.0");
        _engine.Registries.Repositories.AddRange(["team/a", "other"]);
        Session.Result result = _session.Run($"Find-ContainerImage {word}");
        Assert.Equal([(isRegistry ? "repositories " : "tags ") + word], _engine.Registries.Calls);
        Assert.Equal(isRegistry ? [$"{word}/team/a", $"{word}/other"] : [$"{word}:1.0"], result.Lines);
        if (isRegistry) Assert.Equal([$"{word}/team/a"], _session.Run($"Find-ContainerImage {word} team/*").Lines);
    }

    [Fact]
    public void Find_lists_and_filters_and_its_output_goes_on_to_receive()
    {
        _engine.Registries.Tags.AddRange(["1.0", "1.1", "2.0"]);
        _engine.Registries.Repositories.AddRange(["team/a", "other"]);
        Assert.Equal(["r.example/x:1.0", "r.example/x:1.1"], _session.Run("Find-ContainerImage r.example/x -Tag 1.*").Lines);
        Assert.Equal(["r.example/team/a"], _session.Run("Find-ContainerImage -Registry r.example -Filter team/*").Lines);
        Assert.Equal(3, _session.Run("Find-ContainerImage -Registry r.example -Filter team/* | Find-ContainerImage | Receive-ContainerImage").Output.Count);
        Assert.Equal("r.example/team/a:2.0", _engine.Registries.LastPull!.Reference);
    }

    [Fact]
    public void Connections_are_made_listed_and_forgotten()
    {
        Assert.Empty(_session.Run(Credential + "Connect-ContainerRegistry r.example $who").Output);
        Assert.Equal(("alice", "pw"), (_engine.Registries.LastConnect!.Access.UserName, _engine.Registries.LastConnect.Access.Password));
        Assert.Equal(["r.example"], _session.Run("Get-ContainerRegistry r.*").Lines);
        Assert.Equal(["RegistryNotFound"], _session.Run("Get-ContainerRegistry none").ErrorIds);
        Assert.Equal(["r.example"], _session.Run("Get-ContainerRegistry | Disconnect-ContainerRegistry -PassThru").Lines);
        Assert.Equal(["RegistryNotFound"], _session.Run("Disconnect-ContainerRegistry r.example").ErrorIds);
    }

    [Fact]
    public void Remote_reads_from_the_registry()
    {
        Session.Result result = _session.Run("Get-ContainerImage r.example/x:1 -Remote -Platform linux/arm64");
        Assert.IsType<RemoteContainerImage>(Assert.Single(result.Output).BaseObject);
        Assert.Equal("linux/arm64", _engine.Registries.LastInspect!.Platform);
    }
}
