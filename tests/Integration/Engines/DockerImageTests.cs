using ContainerTools.Integration.Tests.Ctrun;
using ContainerTools.Integration.Tests.Images;
using ContainerTools.Runtime.Images;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>Images from dockerd to us, and from us to dockerd.</summary>
[Collection(DaemonCollection.Name)]
public sealed class DockerImageTests(DaemonFixture fixture) : IDisposable
{
    private readonly StoreFixture _local = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _local.Dispose();

    [Fact]
    public async Task Several_images_that_docker_built_and_saved_are_imported()
    {
        Require();
        string context = Path.Combine(_local.Scratch, "context"), file = Path.Combine(_local.Scratch, "saved.tar");
        Directory.CreateDirectory(context);
        File.WriteAllText(Path.Combine(context, "a"), "copied\n");
        File.WriteAllText(Path.Combine(context, "Dockerfile"), "FROM box\nCOPY a /etc/a\nRUN echo built > /b && rm /bin/kill\nENV X=y\nEXPOSE 80\nCMD [\"cat\", \"/b\"]\n");
        CommandResult build = fixture.Sandbox.Run("env", "DOCKER_BUILDKIT=0", "docker", "build", "--network", "none", "-t", "made:1", context);
        Assert.True(build.ExitCode == 0, build.Output + build.Error);
        Docker("tag", "made:1", "other/name:2");
        Docker("save", "-o", file, "made:1", "other/name:2", "box");
        IReadOnlyList<ContainerImage> images = await _local.Store.ImportAsync(new ImageImportOptions { Path = file }, null, Token);
        Assert.Equal(["box:latest", "made:1", "other/name:2"], images.Select(image => image.Reference).Order(StringComparer.Ordinal));
        ContainerImage made = images.First(image => image.Reference == "made:1");
        Assert.Equal(Id("made:1"), made.Id);
        Assert.Equal(["cat", "/b"], made.Configuration.Command);
        Assert.Contains("X=y", made.Configuration.Environment);
        Assert.Equal(["80/tcp"], made.Configuration.ExposedPorts);
        StoredImage stored = await _local.Store.ResolveAsync("made:1", Token);
        Assert.Equal("built\n", File.ReadAllText(Path.Combine(stored.LayerFolders[0], "b")));
        Assert.Equal("character special file", StoreFixture.Run("stat", "-c", "%F", Path.Combine(stored.LayerFolders[0], "bin/kill")).Trim());
        Assert.Equal("copied\n", File.ReadAllText(Path.Combine(stored.LayerFolders[1], "etc/a")));
        Docker("rmi", "made:1", "other/name:2");
    }

    [Theory]
    [InlineData(ArchiveCompression.None)]
    [InlineData(ArchiveCompression.Gzip)]
    public async Task Several_images_that_we_export_in_one_file_are_loaded_by_docker_and_run(ArchiveCompression compression)
    {
        Require();
        ContainerImage one = await ImportAsync("ours/one:1", "A=1");
        ContainerImage two = await ImportAsync("two:2", "A=2");
        await _local.Store.AddTagAsync("two:2", "two:again", Token);
        string file = Path.Combine(_local.Scratch, "exported.tar");
        await _local.Store.ExportAsync(["ours/one:1", "two:2", "two:again"], new ImageExportOptions { Path = file, Compression = compression }, null, Token);
        Docker("load", "-q", "-i", file);
        Assert.Equal((one.Id, two.Id, two.Id), (Id("ours/one:1"), Id("two:2"), Id("two:again")));
        Assert.Equal("2\n", Docker("run", "--rm", "--network", "none", "two:again", "sh", "-c", "echo $A"));
        Docker("rmi", "ours/one:1", "two:2", "two:again");
    }

    [Fact]
    public async Task The_root_of_a_container_that_docker_exports_becomes_an_image()
    {
        Require();
        string file = Path.Combine(_local.Scratch, "root.tar");
        Docker("create", "--name", "exported", "box", "true");
        Docker("export", "-o", file, "exported");
        Docker("rm", "exported");
        ContainerImage image = Assert.Single(await _local.Store.ImportAsync(new ImageImportOptions { Path = file, Reference = "root" }, null, Token));
        Assert.Single(image.Layers);
        StoredImage stored = await _local.Store.ResolveAsync("root", Token);
        Assert.True(File.Exists(Path.Combine(stored.LayerFolders[0], "bin/busybox")));
        Assert.Equal("busybox", File.ResolveLinkTarget(Path.Combine(stored.LayerFolders[0], "bin/sh"), false)!.Name);
    }

    private async Task<ContainerImage> ImportAsync(string name, string variable) => Assert.Single(await _local.Store.ImportAsync(
        new ImageImportOptions { Path = _local.BusyboxTar(), Reference = name, Configuration = new ImageConfiguration { Environment = ["PATH=/bin", variable] } }, null, Token));

    private string Id(string image) => Docker("inspect", "-f", "{{.Id}}", image).Trim();

    private string Docker(params string[] arguments) => fixture.Sandbox.Succeed(["docker", .. arguments]);

    private void Require() => Assert.SkipWhen(fixture.DockerObstacle is not null, fixture.DockerObstacle ?? "");
}
