using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Tests.Linux;
using ContainerTools.Runtime.Volumes;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>Under the umask of a hardened server, images and volumes are as they are under any other.</summary>
public sealed class UmaskTests : IDisposable
{
    private const UnixFileMode Public = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly TemporaryStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void What_a_layer_does_not_describe_is_open_to_all()
    {
        // Neither the root nor the folder has an entry of its own.
        byte[] archive = new TarBuilder().File("bin/sh", "x").Build();
        WithUmask.Run(0x3F /* 077 */, () => _store.ImportAsync(archive, "box"));
        string diff = Path.Combine(Assert.Single(_store.Layers), LayerStore.DiffName);
        Assert.Equal(Public, File.GetUnixFileMode(diff));
        Assert.Equal(Public & ~UnixFileMode.GroupRead & ~UnixFileMode.OtherRead, File.GetUnixFileMode(_store.Paths.Root));
    }

    [Fact]
    public void Folders_that_a_layer_implies_are_open_to_all()
    {
        string folder = Path.Combine(_store.Folder, "layer");
        Directory.CreateDirectory(folder);
        WithUmask.Run(0x3F, () =>
        {
            using MemoryStream tar = new(new TarBuilder().File("usr/bin/sh", "x").Build());
            using LayerUnpacker unpacker = new(folder, "the layer");
            unpacker.Unpack(new TarReader(new StreamSource(tar), "the layer"), TestContext.Current.CancellationToken);
            return Task.CompletedTask;
        });
        Assert.Equal(Public, File.GetUnixFileMode(Path.Combine(folder, "usr", "bin")));
    }

    [Fact]
    public void A_new_volume_and_the_root_of_an_empty_image_are_open_to_all()
    {
        VolumeStore volumes = new(_store.Paths);
        string container = Path.Combine(_store.Folder, "container");
        Directory.CreateDirectory(container);
        WithUmask.Run(0x3F, () =>
        {
            volumes.Ensure("data", null, CancellationToken.None);
            new VfsDriver().Prepare(container, [], 0, CancellationToken.None);
            return Task.CompletedTask;
        });
        Assert.Equal(Public, File.GetUnixFileMode(volumes.DataOf("data")));
        Assert.Equal(Public, File.GetUnixFileMode(Path.Combine(container, "rootfs")));
    }
}
