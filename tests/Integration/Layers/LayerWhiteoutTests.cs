using ContainerTools.Integration.Tests.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Integration.Tests.Layers;

/// <summary>Which whiteouts stay, when a layer has been unpacked over others.</summary>
public sealed class LayerWhiteoutTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");
    private readonly List<string> _layers = [];

    public void Dispose() => FolderRemoval.Remove(_folder);

    [Fact]
    public void Those_that_hide_something_stay_and_the_others_go()
    {
        StoreFixture.RequireRoot();
        Unpack(new TarBuilder().Folder("a").File("a/file", "x").Folder("b").File("b/old", "x").File("c", "no folder").Folder("d").File("d/x", ""));
        Unpack(new TarBuilder().File(".wh.b", "").File("a/new", "x"));
        string layer = Unpack(new TarBuilder()
            .File("a/.wh.file", "").File("a/.wh.new", "").File("a/.wh.never", "")
            // Deleted by the layer between: what the lowest has is not seen any more.
            .Folder("b", mtime: 1500000000).File("b/.wh.old", "")
            .Folder("c").File("c/.wh.x", "")
            .Folder("d").File("d/.wh..wh..opq", "").File("d/.wh.x", ""));
        Assert.Equal(["a/file", "a/new"], Whiteouts(layer));
        // The folder is as old as the archive says, although something was taken out of it.
        Assert.True(Libc.TryStat(Path.Combine(layer, "b"), out FileStatus status));
        Assert.Equal(1500000000_000000000, status.ModifiedNanoseconds);
    }

    [Fact]
    public void A_whiteout_of_what_a_layer_has_already_deleted_goes()
    {
        StoreFixture.RequireRoot();
        Unpack(new TarBuilder().Folder("a").File("a/file", "x"));
        Assert.Equal(["a/file"], Whiteouts(Unpack(new TarBuilder().Folder("a").File("a/.wh.file", ""))));
        Assert.Empty(Whiteouts(Unpack(new TarBuilder().Folder("a").File("a/.wh.file", ""))));
    }

    [Fact]
    public void Over_a_hidden_root_and_at_the_bottom_none_stays()
    {
        StoreFixture.RequireRoot();
        Assert.Empty(Whiteouts(Unpack(new TarBuilder().File(".wh.x", "").File("x", "y").File(".wh.z", ""))));
        Assert.Empty(Whiteouts(Unpack(new TarBuilder().File(".wh..wh..opq", "").File(".wh.x", "").File("new", ""))));
    }

    [Fact]
    public void What_has_taken_the_place_of_a_whiteout_is_left_alone()
    {
        StoreFixture.RequireRoot();
        string layer = Unpack(new TarBuilder().File(".wh.x", "").File("x", "y").SymbolicLink("link", "folder").Folder("folder").File("link/.wh.z", ""));
        Assert.Equal("y", File.ReadAllText(Path.Combine(layer, "x")));
        // Behind a link, where the layer's own path is another than the archive's.
        Assert.Equal(["folder/z"], Whiteouts(layer));
    }

    private static string[] Whiteouts(string layer)
        => [.. StoreFixture.Run("find", layer, "-type", "c", "-printf", "%P\\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    private string Unpack(TarBuilder tar)
    {
        string folder = Path.Combine(_folder, $"{_layers.Count}");
        Directory.CreateDirectory(folder);
        using LayerUnpacker unpacker = new(folder, "layer");
        unpacker.Unpack(new TarReader(new StreamSource(new MemoryStream(tar.Build())), "layer"), TestContext.Current.CancellationToken);
        LayerInheritance.Apply(folder, unpacker.Contents, _layers);
        LayerWhiteouts.RemoveUseless(folder, unpacker.Contents, _layers);
        _layers.Insert(0, folder);
        return folder;
    }
}
