using ContainerTools.Runtime;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>Run by <see cref="UnprivilegedTests"/> as a user without any privilege.</summary>
public sealed class UnprivilegedChild
{
    /// <summary>The environment variable with the folder of the test.</summary>
    public const string RootVariable = "CONTAINERTOOLS_TEST_STORE";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Root => Environment.GetEnvironmentVariable(RootVariable)!;

    private static EnginePaths Paths => new(Path.Combine(Root, "root"), Path.Combine(Root, "run"));

    private static ImageStore Store => new(Paths, _ => AsyncEnumerable.Empty<ImageUse>());

    /// <summary>Everything an image can have that a user may make.</summary>
    [Fact(Explicit = true)]
    public async Task Imports_exports_and_removes_what_root_has_packed()
    {
        Assert.False(Environment.IsPrivilegedProcess);
        byte[] below = new TarBuilder()
            .Header("root/", '5', mode: 0x1C0, uid: 0, gid: 0).File("root/secret", "s", 0x180)
            .Header("closed/", '5', mode: 0, uid: 5, gid: 5).File("closed/inside", "i", 0)
            .Folder("gone/").File("gone/a", "a").File("deleted", "d").Folder("opaque/").File("opaque/old", "o")
            .Pax(("SCHILY.xattr.security.capability", (byte[])[1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), ("SCHILY.xattr.trusted.note", "n"u8.ToArray()))
            .File("tool", "t", 0x9ED, 0, 42).HardLink("tool2", "tool").SymbolicLink("link", "/root/secret").HardLink("link2", "link").Header("pipe", '6', mode: 0x1B6).Build();
        byte[] above = new TarBuilder().File(".wh.gone", "").File(".wh.deleted", "").Folder("opaque/").File("opaque/.wh..wh..opq", "").File("opaque/new", "n").Build();
        ImageBuilder builder = new();
        File.WriteAllBytes(Path.Combine(Root, "image.tar"), builder.Layout(ImageBuilder.Named(builder.OciImage([below, above]), "docker.io/library/app:1")).Tar());
        ImageStore store = Store;
        ContainerImage image = Assert.Single(await store.ImportAsync(new ImageImportOptions { Path = Path.Combine(Root, "image.tar") }, null, Token));
        StoredImage stored = await Store.ResolveAsync("app:1", Token);
        string lower = stored.LayerFolders[1], upper = stored.LayerFolders[0];
        Assert.Equal("s", File.ReadAllText(Path.Combine(lower, "root/secret")));
        Assert.Equal("700 0 755", Stat("%a", Path.Combine(lower, "root")) + " " + Stat("%a", Path.Combine(lower, "closed")) + " " + Stat("%a", Path.Combine(lower, "gone")));
        // Everything is the user's own; set-user-id would be the user's as well, and is kept.
        Assert.Equal($"{Stat("%u", Root)} 4755 2", Stat("%u %a %h", Path.Combine(lower, "tool")));
        Assert.Equal("fifo", Stat("%F", Path.Combine(lower, "pipe")));
        Assert.Equal("character special file character special file", Stat("%F", Path.Combine(upper, "gone")) + " " + Stat("%F", Path.Combine(upper, "deleted")));
        Assert.Contains("user.overlay.opaque=\"y\"", StoreFixture.Run("getfattr", "-d", "--absolute-names", Path.Combine(upper, "opaque")), StringComparison.Ordinal);

        string exported = Path.Combine(Root, "exported.tar");
        await store.ExportAsync(["app:1"], new ImageExportOptions { Path = exported }, null, Token);
        await store.RemoveAsync("app:1", new ImageRemoveOptions(), Token);
        Assert.Empty(Directory.GetDirectories(Paths.Layers));
        Assert.Empty(Directory.GetFiles(Path.Combine(Paths.Images, "blobs/sha256")));
        // The blobs are as they were: nothing of what a user cannot unpack is lost on the way through.
        Assert.Equal((image.Id, image.Digest), (await ImportedAsync(exported)) is var again ? (again.Id, again.Digest) : default);

        async Task<ContainerImage> ImportedAsync(string path) => Assert.Single(await Store.ImportAsync(new ImageImportOptions { Path = path }, null, Token));
    }

    /// <summary>Device nodes are root's.</summary>
    [Fact(Explicit = true)]
    public async Task Refuses_device_nodes_and_keeps_nothing()
    {
        File.WriteAllBytes(Path.Combine(Root, "device.tar"), new TarBuilder().Folder("dev/").Header("dev/null", '3', mode: 0x1B6, major: 1, minor: 3).Build());
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => Store.ImportAsync(new ImageImportOptions { Path = Path.Combine(Root, "device.tar"), Reference = "device" }, null, Token));
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        Assert.Contains("dev/null", error.Message, StringComparison.Ordinal);
        Assert.Contains("only root", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Paths.Layers));
        Assert.Empty(Directory.GetDirectories(Path.Combine(Paths.Root, "ingest")));
        Assert.Empty(await Store.ListAsync(Token).ToListAsync(Token));
    }

    /// <summary>A file that only root may read, and a store that only root may write.</summary>
    [Fact(Explicit = true)]
    public async Task Says_what_a_user_may_not_do()
    {
        ContainerException unreadable = await Assert.ThrowsAsync<ContainerException>(
            () => Store.ImportAsync(new ImageImportOptions { Path = Path.Combine(Root, "secret.tar") }, null, Token));
        Assert.Equal(ErrorCode.PermissionDenied, unreadable.Code);
        File.WriteAllBytes(Path.Combine(Root, "small.tar"), new TarBuilder().File("a", "a").Build());
        ImageStore others = new(new EnginePaths("/var/lib/containertools-of-root", "/run/containertools-of-root"), _ => AsyncEnumerable.Empty<ImageUse>());
        ContainerException unwritable = await Assert.ThrowsAsync<ContainerException>(
            () => others.ImportAsync(new ImageImportOptions { Path = Path.Combine(Root, "small.tar") }, null, Token));
        Assert.Equal(ErrorCode.PermissionDenied, unwritable.Code);
    }

    /// <summary>A folder of a layer below that cannot be looked into may hold what a whiteout is for.</summary>
    [Fact(Explicit = true)]
    public void Keeps_whiteouts_where_it_cannot_be_seen_what_they_hide()
    {
        string below = Directory.CreateDirectory(Path.Combine(Root, "below")).FullName, above = Directory.CreateDirectory(Path.Combine(Root, "above")).FullName;
        Unpack(below, new TarBuilder().Folder("a").Folder("a/b").File("a/b/file", "x"));
        LayerContents contents = Unpack(above, new TarBuilder().Folder("a").Folder("a/b").File("a/b/.wh.file", "").File("a/b/.wh.never", "").File(".wh.never", ""));
        File.SetUnixFileMode(Path.Combine(below, "a"), UnixFileMode.None);
        LayerWhiteouts.RemoveUseless(above, contents, [below]);
        Assert.Equal(["a/b/file", "a/b/never"], Whiteouts());
        File.SetUnixFileMode(Path.Combine(below, "a"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        LayerWhiteouts.RemoveUseless(above, contents, [below]);
        Assert.Equal(["a/b/file"], Whiteouts());

        IEnumerable<string> Whiteouts()
            => StoreFixture.Run("find", above, "-type", "c", "-printf", "%P\\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
    }

    private static LayerContents Unpack(string folder, TarBuilder tar)
    {
        using LayerUnpacker unpacker = new(folder, "layer");
        unpacker.Unpack(new TarReader(new StreamSource(new MemoryStream(tar.Build())), "layer"), Token);
        return unpacker.Contents;
    }

    private static string Stat(string format, string path) => StoreFixture.Run("stat", "-c", format, path).Trim();
}
