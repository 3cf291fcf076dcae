using ContainerTools.Integration.Tests.Images;
using ContainerTools.Runtime.Images;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>Images from Podman, and from Buildah in it, to us, and from us to Podman.</summary>
public sealed class PodmanImageTests(PodmanFixture fixture) : IClassFixture<PodmanFixture>, IDisposable
{
    private readonly StoreFixture _local = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _local.Dispose();

    [Theory]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    public async Task Images_that_podman_built_and_saved_are_imported(string format)
    {
        Require();
        string context = Path.Combine(_local.Scratch, "context"), file = Path.Combine(_local.Scratch, "saved.tar");
        Directory.CreateDirectory(context);
        File.WriteAllText(Path.Combine(context, "a"), "copied\n");
        File.WriteAllText(Path.Combine(context, "Containerfile"), "FROM localhost/box\nCOPY a /etc/a\nCOPY a /etc/b\nLABEL from=podman\nCMD [\"cat\", \"/etc/a\"]\n");
        Podman("build", "-q", "--layers", "-t", $"made:{format}", context);
        bool several = format == "docker-archive";
        Podman(["save", "-q", "--format", format, .. several ? ["-m"] : Array.Empty<string>(), "-o", file, $"made:{format}", .. several ? ["localhost/box"] : Array.Empty<string>()]);
        IReadOnlyList<ContainerImage> images = await _local.Store.ImportAsync(new ImageImportOptions { Path = file }, null, Token);
        Assert.Equal(several ? 2 : 1, images.Count);
        ContainerImage made = images.Single(image => image.Labels.ContainsKey("from"));
        // Of an OCI archive Podman writes the whole name as well.
        Assert.Equal($"localhost/made:{format}", made.Reference);
        Assert.Equal(3, made.Layers.Count);
        if (!several) Assert.Equal(Id($"made:{format}"), made.Id);
        StoredImage stored = await _local.Store.ResolveAsync(made.Id, Token);
        Assert.Equal("copied\n", File.ReadAllText(Path.Combine(stored.LayerFolders[0], "etc/b")));
        Assert.True(File.Exists(Path.Combine(stored.LayerFolders[2], "bin/busybox")));
    }

    [Theory]
    [InlineData(ImageArchiveFormat.DockerArchive)]
    [InlineData(ImageArchiveFormat.OciArchive)]
    [InlineData(ImageArchiveFormat.OciDirectory)]
    public async Task What_we_export_is_loaded_by_podman_and_runs(ImageArchiveFormat format)
    {
        Require();
        string name = format.ToString().ToLowerInvariant();
        ContainerImage one = await ImportAsync($"ours.example/{name}:1", "A=1");
        ContainerImage two = await ImportAsync($"ours.example/{name}:2", "A=2");
        string file = Path.Combine(_local.Scratch, name);
        // Podman takes one image out of an OCI archive, and all out of one of Docker's.
        string[] names = format == ImageArchiveFormat.DockerArchive ? [one.Reference!, two.Reference!] : [two.Reference!];
        await _local.Store.ExportAsync(names, new ImageExportOptions { Path = file, Format = format }, null, Token);
        Podman("load", "-q", "-i", file);
        string loaded = format == ImageArchiveFormat.DockerArchive ? two.Reference! : two.Id["sha256:".Length..];
        if (format == ImageArchiveFormat.DockerArchive) Assert.Equal((one.Id, two.Id), (Id(one.Reference!), Id(two.Reference!)));
        else Assert.Equal(two.Id, Id(loaded));
        Assert.Equal("2\n", Podman(["run", "--rm", "--network", "none", .. fixture.Parent, loaded, "sh", "-c", "echo $A"]));
        Podman(["rmi", "-f", "-i", one.Id, two.Id]);
    }

    private async Task<ContainerImage> ImportAsync(string name, string variable) => Assert.Single(await _local.Store.ImportAsync(
        new ImageImportOptions { Path = _local.BusyboxTar(), Reference = name, Configuration = new ImageConfiguration { Environment = ["PATH=/bin", variable] } }, null, Token));

    private string Id(string image) => "sha256:" + Podman("inspect", "--type", "image", "-f", "{{.Id}}", image).Trim();

    private string Podman(params string[] arguments) => fixture.Sandbox.Succeed(PodmanFixture.Command(null, arguments));

    private void Require() => Assert.SkipWhen(fixture.Obstacle is not null, fixture.Obstacle ?? "");
}
