using System.Text;
using ContainerTools.Integration.Tests.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Layers;

public sealed class LayerUnpackerTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");

    public LayerUnpackerTests() => Directory.CreateDirectory(Layer);

    private string Layer => Path.Combine(_folder, "layer");

    public void Dispose() => FolderRemoval.Remove(_folder);

    [Fact]
    public void Owners_modes_and_times_are_kept()
    {
        StoreFixture.RequireRoot();
        Unpack(new TarBuilder()
            .Folder("./", 0x1C0, 1500000000).Folder("bin", 0x5ED, 1600000000)
            .Pax(("mtime", "1700000000.987654321"), ("uid", "123456")).File("bin/su", "x", 0x9ED, 1, 2));
        FileStatus file = Status("bin/su");
        Assert.Equal((123456u, 2u, 0x9EDu), (file.Uid, file.Gid, file.Permissions));
        Assert.Equal(1700000000_987654321, file.ModifiedNanoseconds);
        Assert.Equal(0x5EDu, Status("bin").Permissions);
        Assert.Equal(1600000000_000000000, Status("bin").ModifiedNanoseconds);
        Assert.Equal(0x1C0u, Status("").Permissions);
        Assert.Equal(1500000000_000000000, Status("").ModifiedNanoseconds);
    }

    [Fact]
    public void Modes_do_not_depend_on_the_umask_or_on_a_setgid_parent()
    {
        StoreFixture.RequireRoot();
        Unpack(new TarBuilder().Header("shared", '5', mode: 0x5FF, gid: 50).File("shared/open", "", 0x1B6).Folder("shared/folder", 0x1FF).Header("shared/pipe", '6', mode: 0x1B6));
        Assert.Equal((0x1B6u, 0u), (Status("shared/open").Permissions, Status("shared/open").Gid));
        Assert.Equal((0x1FFu, 0u), (Status("shared/folder").Permissions, Status("shared/folder").Gid));
        Assert.Equal(0x1B6u, Status("shared/pipe").Permissions);
    }

    [Fact]
    public void Links_devices_and_fifos_are_made()
    {
        StoreFixture.RequireRoot();
        Unpack(new TarBuilder()
            .File("a", "content").HardLink("b", "./a").SymbolicLink("dangling", "/no/where").HardLink("c", "dangling")
            .Header("null", '3', mode: 0x1B6, major: 1, minor: 3).Header("disk", '4', major: 8, minor: 300).Header("pipe", '6', uid: 5));
        Assert.Equal(Status("a").Inode, Status("b").Inode);
        Assert.Equal("/no/where", new FileInfo(InLayer("dangling")).LinkTarget);
        Assert.Equal(Status("dangling").Inode, Status("c").Inode);
        FileStatus device = Status("null");
        Assert.True(device.IsCharacterDevice);
        Assert.Equal((1u, 3u, 0x1B6u), (device.DeviceMajor, device.DeviceMinor, device.Permissions));
        Assert.Equal((8u, 300u), (Status("disk").DeviceMajor, Status("disk").DeviceMinor));
        Assert.Equal((Libc.S_IFIFO, 5u), (Status("pipe").Mode & Libc.S_IFMT, Status("pipe").Uid));
    }

    [Fact]
    public void Attributes_and_file_capabilities_are_kept()
    {
        StoreFixture.RequireRoot();
        byte[] netBindService = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Unpack(new TarBuilder()
            .Pax(("SCHILY.xattr.security.capability", netBindService), ("SCHILY.xattr.user.colour", "blue"u8.ToArray())).File("server", "x", 0x1ED, 7, 7)
            .Pax(("SCHILY.xattr.trusted.note", "n"u8.ToArray())).Folder("folder")
            .Pax(("SCHILY.xattr.trusted.overlay.redirect", "/etc"u8.ToArray())).Folder("evil"));
        Assert.Equal(netBindService, Attribute("server", "security.capability"));
        Assert.Equal("blue"u8.ToArray(), Attribute("server", "user.colour"));
        Assert.Equal("n"u8.ToArray(), Attribute("folder", "trusted.note"));
        Assert.Null(Attribute("evil", "trusted.overlay.redirect"));
    }

    [Fact]
    public void Names_that_are_not_utf8_and_long_paths_are_made_as_they_are()
    {
        byte[] name = [(byte)'n', 0xFF, 0xC0];
        string longPath = string.Join('/', Enumerable.Repeat(new string('d', 200), 15)) + "/file";
        Unpack(new TarBuilder().Header(name, '0', 0, 0x1A4, 0, 0, 0, [], 0, 0, null).Pax(("path", longPath)).File("x", "deep"));
        using SafeFileHandle folder = Libc.Open(Layer, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        Assert.Equal(0, Libc.ListFolder(folder, out List<byte[]> names));
        Assert.Contains(names, found => found.AsSpan().SequenceEqual(name));
        Assert.Equal(0, Libc.OpenAt2(folder, Encoding.UTF8.GetBytes(longPath), Libc.O_RDONLY, Libc.RESOLVE_BENEATH, out SafeFileHandle file));
        file.Dispose();
    }

    [Fact]
    public void Sparse_files_keep_their_holes()
    {
        const long Size = 5L * 1024 * 1024 * 1024;
        byte[] map = new byte[512];
        Encoding.ASCII.GetBytes($"2\n0\n1\n{Size - 1}\n1\n").CopyTo(map, 0);
        Unpack(new TarBuilder()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "disk.img"), ("GNU.sparse.realsize", $"{Size}"))
            .File("s", [.. map, .. "ab"u8]));
        using SafeFileHandle file = File.OpenHandle(InLayer("disk.img"));
        Assert.Equal(Size, RandomAccess.GetLength(file));
        byte[] end = new byte[2];
        Assert.Equal(2, RandomAccess.Read(file, end, Size - 2));
        Assert.Equal("\0b", Encoding.ASCII.GetString(end));
        string blocks = StoreFixture.Run("stat", "-c", "%b", InLayer("disk.img"));
        Assert.True(long.Parse(blocks, System.Globalization.CultureInfo.InvariantCulture) < 1000, blocks);
    }

    [Fact]
    public void Whiteouts_take_the_form_of_overlayfs()
    {
        StoreFixture.RequireRoot();
        LayerContents contents = Unpack(new TarBuilder()
            .Folder("etc").File("etc/.wh.gone", "").File(".wh.never/.wh.was", "").Folder("var").File("var/.wh..wh..opq", "").File("var/new", "x")
            .File(".wh..wh.plnk", ""));
        Assert.True(Status("etc/gone").IsWhiteout);
        Assert.Equal("y"u8.ToArray(), Attribute("var", "trusted.overlay.opaque"));
        Assert.Equal("x", File.ReadAllText(InLayer("var/new")));
        Assert.False(File.Exists(InLayer(".wh..wh.plnk")));
        Assert.False(contents.RootOpaque);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_whiteout_does_not_touch_what_its_own_layer_brings(bool whiteoutFirst)
    {
        StoreFixture.RequireRoot();
        TarBuilder tar = new();
        if (whiteoutFirst) tar.File(".wh.folder", "").File(".wh.file", "");
        tar.Folder("folder").File("folder/new", "x").File("file", "y");
        if (!whiteoutFirst) tar.File(".wh.folder", "").File(".wh.file", "");
        Unpack(tar);
        Assert.Equal("x", File.ReadAllText(InLayer("folder/new")));
        Assert.Equal("y"u8.ToArray(), Attribute("folder", "trusted.overlay.opaque"));
        Assert.Equal("y", File.ReadAllText(InLayer("file")));
    }

    [Fact]
    public void An_opaque_root_is_reported() => Assert.True(Unpack(new TarBuilder().File(".wh..wh..opq", "").File("a", "")).RootOpaque);

    [Fact]
    public void A_path_named_twice_is_what_came_last()
    {
        Unpack(new TarBuilder()
            .File("f", "long content").File("f", "new").Folder("d").File("d/inner", "").File("d", "file now")
            .SymbolicLink("l", "f").File("l", "no link").File("x", "").Folder("x").File("x/y", "").Folder("x"));
        Assert.Equal("new", File.ReadAllText(InLayer("f")));
        Assert.Equal("file now", File.ReadAllText(InLayer("d")));
        Assert.Null(new FileInfo(InLayer("l")).LinkTarget);
        Assert.True(File.Exists(InLayer("x/y")));
    }

    [Fact]
    public void A_file_that_replaces_a_hard_link_leaves_the_other_name_alone()
    {
        Unpack(new TarBuilder().File("a", "one").HardLink("b", "a").File("b", "two").HardLink("a", "a"));
        Assert.Equal("one", File.ReadAllText(InLayer("a")));
        Assert.Equal("two", File.ReadAllText(InLayer("b")));
    }

    [Fact]
    public void Entries_go_through_the_links_of_their_own_layer()
    {
        Unpack(new TarBuilder()
            .Folder("usr").Folder("usr/lib").SymbolicLink("lib", "usr/lib").SymbolicLink("lib64", "/usr/lib").SymbolicLink("usr/loop", "../lib")
            .File("lib/a", "1").File("lib64/b", "2").File("usr/loop/c", "3").HardLink("lib64/d", "lib/a"));
        Assert.Equal("123", string.Concat("abc".Select(name => File.ReadAllText(InLayer($"usr/lib/{name}")))));
        Assert.Equal(Status("usr/lib/a").Inode, Status("usr/lib/d").Inode);
        Assert.Equal("usr/lib", new FileInfo(InLayer("lib")).LinkTarget);
    }

    public static TheoryData<string, byte[]> Unsafe => new()
    {
        { "..", new TarBuilder().File("../outside", "x").Build() },
        { ".. in the middle", new TarBuilder().Folder("a").File("a/../../outside", "x").Build() },
        { "absolute with ..", new TarBuilder().File("/../outside", "x").Build() },
        { "hard link to ..", new TarBuilder().HardLink("a", "../outside").Build() },
        { "hard link to an absolute path with ..", new TarBuilder().HardLink("a", "/../../etc/passwd").Build() },
        { "whiteout of ..", new TarBuilder().Folder("a").File("a/.wh...", "").Build() },
        { "whiteout of itself", new TarBuilder().File(".wh..", "").Build() },
        { "through a link to an absolute place", new TarBuilder().SymbolicLink("a", "/tmp").File("a/outside", "x").Build() },
        { "through a link upwards", new TarBuilder().SymbolicLink("a", "../..").File("a/outside", "x").Build() },
        { "through two links", new TarBuilder().Folder("d").SymbolicLink("d/a", "../b").SymbolicLink("b", "..").File("d/a/outside", "x").Build() },
        { "a folder through a link", new TarBuilder().SymbolicLink("a", "/var").Folder("a/outside").Build() },
        { "a hard link made through a link", new TarBuilder().File("f", "").SymbolicLink("a", "/tmp").HardLink("a/outside", "f").Build() },
        { "a hard link to a file behind a link", new TarBuilder().SymbolicLink("a", "/etc").HardLink("b", "a/passwd").Build() },
        { "a whiteout through a link", new TarBuilder().SymbolicLink("a", "/etc").File("a/.wh.passwd", "").Build() },
        { "opaque through a link", new TarBuilder().SymbolicLink("a", "/etc").File("a/.wh..wh..opq", "").Build() },
    };

    [Theory]
    [MemberData(nameof(Unsafe))]
    public void What_leads_outside_is_refused(string what, byte[] tar)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Unpack(tar));
        Assert.True(error.Code == ErrorCode.ArchiveUnsafe, $"{what}: {error.Code}: {error.Message}");
        Assert.False(File.Exists(Path.Combine(_folder, "outside")) || File.Exists("/tmp/outside"), what);
        Assert.True(File.Exists("/etc/passwd"));
    }

    public static TheoryData<string, byte[]> Wrong => new()
    {
        { "a hard link to nothing", new TarBuilder().HardLink("a", "b").Build() },
        { "a hard link to a folder", new TarBuilder().Folder("d").HardLink("a", "d").Build() },
        { "a file in a file", new TarBuilder().File("a", "").File("a/b", "").Build() },
        { "a link loop", new TarBuilder().SymbolicLink("a", "b").SymbolicLink("b", "a").File("a/x", "").Build() },
        { "a root that is a file", new TarBuilder().File("./", "").Header(".", '0').Build() },
        { "a symbolic link to nowhere", new TarBuilder().SymbolicLink("a", "").Build() },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_cannot_be_made_is_damage(string what, byte[] tar)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Unpack(tar));
        Assert.True(error.Code == ErrorCode.ArchiveCorrupt, $"{what}: {error.Code}: {error.Message}");
    }

    [Fact]
    public void Folders_that_are_only_implied_look_as_the_layer_below_has_them()
    {
        StoreFixture.RequireRoot();
        string upper = Path.Combine(_folder, "upper");
        Directory.CreateDirectory(upper);
        Unpack(new TarBuilder().Folder("./", 0x1C9, 1400000000).Folder("tmp", 0x3FF, 1500000000).Header("home", '5', mode: 0x1C0, uid: 9, gid: 9).Folder("home/me", 0x1E8));
        LayerContents contents = Unpack(new TarBuilder().File("tmp/x", "").File("home/me/y", "").File("new/z", "").Build(), upper);
        Assert.Equal(["tmp", "home", "home/me", "new"], contents.ImpliedFolders.Select(Encoding.UTF8.GetString));
        LayerInheritance.Apply(upper, contents, [Layer]);
        Assert.Equal(0x3FFu, Status("tmp", upper).Permissions);
        Assert.Equal(1500000000_000000000, Status("tmp", upper).ModifiedNanoseconds);
        Assert.Equal((9u, 0x1C0u), (Status("home", upper).Uid, Status("home", upper).Permissions));
        Assert.Equal(0x1E8u, Status("home/me", upper).Permissions);
        Assert.Equal(0x1EDu, Status("new", upper).Permissions);
        Assert.Equal((0x1C9u, 1400000000_000000000), (Status("", upper).Permissions, Status("", upper).ModifiedNanoseconds));
    }

    private LayerContents Unpack(TarBuilder tar) => Unpack(tar.Build());

    private LayerContents Unpack(byte[] tar, string? folder = null)
    {
        using LayerUnpacker unpacker = new(folder ?? Layer, "test.tar");
        unpacker.Unpack(new TarReader(new StreamSource(new MemoryStream(tar), 700), "test.tar"), TestContext.Current.CancellationToken);
        return unpacker.Contents;
    }

    private string InLayer(string path) => Path.Combine(Layer, path);

    private FileStatus Status(string path, string? layer = null)
    {
        Assert.True(Libc.TryStat(Path.Combine(layer ?? Layer, path), out FileStatus status), path);
        return status;
    }

    private byte[]? Attribute(string path, string name)
    {
        using SafeFileHandle folder = Libc.Open(Layer, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        int errno = Libc.GetAttributeAt(folder, Encoding.UTF8.GetBytes(path), Encoding.UTF8.GetBytes(name), out byte[] value);
        return errno == 0 ? value : null;
    }
}
