using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>A file of 5 GB that is a hole but for its beginning and its end, on its way through images, volumes and archives: it stays one, and small.</summary>
public sealed class LargeSparseFileTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    private const long Size = 5L << 30;
    private const long Small = 4 << 20;

    [Fact]
    public async Task It_stays_sparse_from_an_archive_to_an_image_a_volume_and_an_export()
    {
        // "a" at the beginning, "z" at the end; beside it what a volume must take over as well.
        byte[] tar = new TarBuilder()
            .Folder("data")
            .Pax(("GNU.sparse.size", $"{Size}"), ("GNU.sparse.name", "data/large"), ("GNU.sparse.map", $"0,1,{Size - 1},1")).File("x", "az")
            .Header([.. "data/bytes-"u8, 0xff], '0', 1, 0x1A4, 0, 0, 0, [], 0, 0, null).Content("b"u8.ToArray())
            .HardLink("data/second", "data/large")
            .Build();
        string archive = Path.Combine(fixture.Paths.Root, "sparse.tar");
        File.WriteAllBytes(archive, tar);
        long before = GC.GetTotalAllocatedBytes();
        ContainerImage image = Assert.Single(await fixture.Engine.Images.ImportAsync(new ImageImportOptions { Path = archive, Reference = "sparse:1" }, null, Cancel));
        CheckFile(Path.Combine(LayerFolder(image), "data/large"), links: 2);

        // A volume begins with it.
        ContainerMount volume = new() { Type = ContainerMountType.Volume, Source = "v" + Guid.NewGuid().ToString("n"), Destination = "/data" };
        await fixture.Containers.CreateAsync(new ContainerCreateOptions { NetworkMode = "none", Image = "sparse:1", Command = ["true"], Mounts = [volume] }, Cancel);
        string data = Path.Combine(fixture.Paths.Volumes, volume.Source, "_data");
        CheckFile(Path.Combine(data, "large"), links: 2);
        using (SafeFileHandle folder = Libc.Open(data, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC))
        {
            Assert.Equal(0, Libc.StatAt(folder, [.. "bytes-"u8, 0xff], out FileStatus named));
            Assert.Equal(1, named.Size);
        }

        // Nothing of it was held in memory.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 256 << 20);
    }

    [Fact]
    public async Task It_stays_sparse_from_a_container_to_an_image_and_an_archive()
    {
        Container container = await fixture.StartAsync(
            fixture.Options("sh", "-c", $"printf a > /large && printf z | dd of=/large bs=1 seek={Size - 1} conv=notrunc 2>/dev/null"));
        Assert.Equal(0, (await fixture.Containers.WaitAsync(container.Id, Cancel)).ExitCode);
        long before = GC.GetTotalAllocatedBytes();
        ContainerImage image = await fixture.Containers.CommitAsync(container.Id, new ContainerCommitOptions { Reference = "large:1" }, null, Cancel);
        CheckFile(Path.Combine(LayerFolder(image), "large"), links: 1);
        Assert.InRange(new FileInfo(Path.Combine(fixture.Paths.Images, "blobs/sha256", image.Layers[^1][7..])).Length, 1, Small);

        string archive = Path.Combine(fixture.Paths.Root, "exported.tar");
        await fixture.Containers.ExportAsync(container.Id, new ContainerExportOptions { Path = archive }, Cancel);
        Assert.InRange(new FileInfo(archive).Length, 1, 2 * Small);
        ContainerImage again = Assert.Single(await fixture.Engine.Images.ImportAsync(new ImageImportOptions { Path = archive, Reference = "again:1" }, null, Cancel));
        CheckFile(Path.Combine(LayerFolder(again), "large"), links: 1);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 256 << 20);
        (int exitCode, string output) = await fixture.RunAsync(new ContainerCreateOptions { NetworkMode = "none", Image = "large:1", Command = ["sh", "-c", "head -c 1 /large; tail -c 1 /large; stat -c %s /large"] });
        Assert.Equal((0, $"az{Size}\n"), (exitCode, output));
    }

    private string LayerFolder(ContainerImage image)
        => Path.Combine(fixture.Paths.Layers, ContainerTools.Runtime.Images.ImageDigest.Chains(image.Layers)[^1][7..], LayerStore.DiffName);

    private static void CheckFile(string path, uint links)
    {
        using SafeFileHandle file = Libc.Open(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        FileStatus status = Libc.Stat(file);
        Assert.Equal((Size, links), (status.Size, status.Links));
        List<(long Offset, long Length)>? pieces = Libc.DataOf(file, status.Size);
        Assert.NotNull(pieces);
        Assert.InRange(pieces.Sum(piece => piece.Length), 2, Small);
        byte[] ends = new byte[2];
        Assert.Equal(1, RandomAccess.Read(file, ends.AsSpan(0, 1), 0));
        Assert.Equal(1, RandomAccess.Read(file, ends.AsSpan(1, 1), Size - 1));
        Assert.Equal("az"u8.ToArray(), ends);
    }
}
