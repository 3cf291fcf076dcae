using System.Text.Json.Nodes;
using ContainerTools.Integration.Tests.Images.Registry;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Layers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>What the administrator writes into engine.json and policy.json, as it acts on an engine.</summary>
public sealed class MachineFilesTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private static readonly RegistryAccess s_plain = new() { AllowUnencrypted = true };

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(engine.Scratch, Guid.NewGuid().ToString("n"))).FullName;

    [Fact]
    public async Task An_image_is_received_by_its_digest_alone_where_a_digest_is_required()
    {
        using RegistryServer server = new(_folder);
        RemoteContainerImage pushed = await engine.Engine.Registries.PushAsync(
            new ImagePushOptions { Image = EngineFixture.ImageName, Destination = $"{server.Host}/box:1", Access = s_plain }, null, Cancel);
        await using LocalContainerEngine strict = Configured("""{ "requireDigest": true } // said once for all""");
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => PullAsync(strict, $"{server.Host}/box:1"));
        Assert.Equal(ErrorCode.DigestRequired, error.Code);
        ContainerImage received = await PullAsync(strict, $"{server.Host}/box@{pushed.Digest}");
        Assert.Equal(pushed.Id, received.Id);
        await using LocalContainerEngine lax = Configured("""{ "requireDigest": false }""");
        Assert.Equal(pushed.Id, (await PullAsync(lax, $"{server.Host}/box:1")).Id);
    }

    [Fact]
    public async Task New_containers_have_the_driver_that_is_configured_and_old_ones_keep_theirs()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(StorageDrivers.Variable) is null, $"{StorageDrivers.Variable} is set, and counts for more");
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        await using LocalContainerEngine copying = Configured("""{ "storageDriver": "vfs" }""");
        Container made = await copying.Containers.CreateAsync(engine.Options("sh", "-c", "echo new > /made && cat /made"), Cancel);
        Assert.Equal("vfs", DriverOf(made));
        // Another engine, which has no such configuration, starts it.
        await engine.Containers.StartAsync(made.Id, Cancel);
        Assert.Equal(0, (await engine.Containers.WaitAsync(made.Id, Cancel)).ExitCode);
        Assert.Equal("new\n", await engine.LogAsync(made.Id));
        Assert.Equal("vfs", DriverOf(made));
    }

    [Theory]
    [InlineData("""{ "storageDriver": "zfs" }""")]
    [InlineData("""{ "storagedriver": "vfs" }""")]
    [InlineData("vfs")]
    public void What_cannot_be_meant_ends_every_engine(string text)
        => Assert.Equal(ErrorCode.InvalidConfiguration, Assert.ThrowsAny<ContainerException>(() => Configured(text)).Code);

    [Fact]
    public async Task A_policy_is_asked_for_files_and_for_registries()
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        string policy = Path.Combine(_folder, "policy.json");
        await File.WriteAllTextAsync(policy, """{ "default": [{ "type": "reject" }] }""", Cancel);
        await using LocalContainerEngine closed = new(engine.Paths, engine.Files with { Registries = () => new RegistrySettings { PolicyFiles = [policy] } });
        string archive = Path.Combine(_folder, "archive.tar");
        await foreach (ContainerImage image in engine.Engine.Images.ListAsync(Cancel))
        {
            await engine.Engine.Images.ExportAsync([image.Id], new ImageExportOptions { Path = archive, Force = true }, null, Cancel);
            break;
        }

        ContainerException file = await Assert.ThrowsAnyAsync<ContainerException>(
            () => closed.Images.ImportAsync(new ImageImportOptions { Path = archive }, null, Cancel));
        // Nobody listens there, and nobody is asked.
        ContainerException registry = await Assert.ThrowsAnyAsync<ContainerException>(() => PullAsync(closed, "127.0.0.1:9/box:1"));
        Assert.Equal((ErrorCode.ImageRejected, ErrorCode.ImageRejected), (file.Code, registry.Code));
    }

    private LocalContainerEngine Configured(string text)
    {
        string file = Path.Combine(_folder, "engine.json");
        File.WriteAllText(file, text);
        return new LocalContainerEngine(engine.Paths, engine.Files with { Configuration = file });
    }

    private string DriverOf(Container container)
        => (string)JsonNode.Parse(File.ReadAllText(Path.Combine(engine.Paths.Container(container.Id), "container.json")))!["storageDriver"]!;

    private static Task<ContainerImage> PullAsync(LocalContainerEngine from, string name)
        => from.Registries.PullAsync(new ImagePullOptions { Reference = name, Access = s_plain }, null, Cancel);
}
