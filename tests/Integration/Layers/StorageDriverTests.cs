using System.Diagnostics;
using System.Globalization;
using System.Text;
using ContainerTools.Integration.Tests.Images;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Layers;

/// <summary>One suite for every driver: what a container sees must not depend on how it is stored.</summary>
public sealed class StorageDriverTests : IDisposable
{
    private string _folder = Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");
    private string? _image;
    private string? _mountPoint;
    private Process? _namespace;

    public static TheoryData<string> Drivers => ["overlay", "vfs", "btrfs"];

    public void Dispose()
    {
        if (_namespace is not null)
        {
            _namespace.StandardInput.Close();
            _namespace.WaitForExit();
            _namespace.Dispose();
            Directory.Delete(_mountPoint!);
        }
        else if (Directory.Exists(_folder))
        {
            FolderRemoval.Remove(_folder);
        }

        if (_image is not null) File.Delete(_image);
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void Layers_are_merged_as_the_image_says(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers(
            new TarBuilder().Folder("./", 0x1ED).Folder("etc").File("etc/kept", "below", 0x9ED, 3, 4, 1600000000).File("etc/gone", "x").Folder("var").File("var/old", "x")
                .File("changed", "old").Folder("dir").File("dir/inner", "").File("first", "hard").HardLink("second", "first").SymbolicLink("link", "etc/kept")
                .Folder("was-folder").File("was-folder/x", ""),
            new TarBuilder().File("etc/.wh.gone", "").Folder("var").File("var/.wh..wh..opq", "").File("var/new", "y").File("changed", "new").File(".wh.dir", "")
                .File("was-folder", "file"),
            new TarBuilder().Folder("./", 0x1C9).File("top", "z").File("dir", "now a file"));
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);

        Dictionary<string, string> seen = See(driver, layers);
        Assert.Equal(
            ["", "changed", "dir", "etc", "etc/kept", "first", "link", "second", "top", "var", "var/new", "was-folder"], seen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("f 4755 3 4 1600000000 5", seen["etc/kept"]);
        Assert.Equal("d 711", seen[""][..5]);
        Assert.StartsWith("f 644", seen["changed"], StringComparison.Ordinal);
        Assert.StartsWith("l", seen["link"], StringComparison.Ordinal);
        Assert.Equal("new|now a file|y|file", Shell(driver, layers, "cd \"$0\"; printf '%s|%s|%s|%s' \"$(cat changed)\" \"$(cat dir)\" \"$(cat var/new)\" \"$(cat was-folder)\""));
        Assert.Equal("same", Shell(driver, layers, "cd \"$0\"; [ first -ef second ] && printf same"));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void Whiteouts_of_what_never_was_show_nothing(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers(
            new TarBuilder().Folder("./").Folder("etc").File("etc/kept", "x").File(".wh.never", "").File("etc/.wh.never", "").Folder("lowest").File("lowest/.wh.never", ""),
            new TarBuilder().File(".wh.nothing", "").File("etc/.wh.nothing", "").Folder("own").File("own/.wh.nothing", "").File("own/here", "").File("implied/.wh.nothing", ""),
            new TarBuilder().File("top", "x"));
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);
        Dictionary<string, string> seen = See(driver, layers);
        Assert.Equal(["", "etc", "etc/kept", "implied", "lowest", "own", "own/here", "top"], seen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("here\n", Shell(driver, layers, "cd \"$0\"; ls own implied lowest | grep -v : | grep ."));
        Assert.Equal("removed", Shell(driver, layers, "cd \"$0\"; rm -r own implied lowest etc && printf removed"));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void What_one_container_writes_no_other_sees(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers(new TarBuilder().File("file", "image"));
        string[] containers = [Container("one"), Container("two")];
        foreach (string container in containers) driver.Prepare(container, layers, 0, TestContext.Current.CancellationToken);
        Shell(driver, layers, "cd \"$0\"; echo changed > file; rm -rf gone; mkdir -p new/deep", containers[0]);
        Assert.Equal("image", Shell(driver, layers, "cd \"$0\"; cat file; ls -d new 2>/dev/null || true", containers[1]));
        Assert.Equal("changed\nnew\n", Shell(driver, layers, "cd \"$0\"; cat file; ls -d new", containers[0]));
        Assert.Equal("image", File.ReadAllText(Path.Combine(layers[0], "file")));
        driver.Remove(containers[0]);
        Assert.Empty(Directory.GetFileSystemEntries(containers[0]));
        Assert.Equal("image", Shell(driver, layers, "cat \"$0/file\"", containers[1]));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void The_root_of_a_user_namespace_owns_its_root_folder(string name)
    {
        IStorageDriver driver = Begin(name);
        byte[] capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        List<string> layers = Layers(new TarBuilder().Folder("./").File("su", "x", 0x9ED, 5, 6).Pax(("SCHILY.xattr.security.capability", capability)).File("ping", "x", 0x1ED));
        string container = Container();
        driver.Prepare(container, layers, 100000, TestContext.Current.CancellationToken);
        if (driver.RootMount(container, layers, null, null) is not null)
        {
            // The layers are id-mapped when they are mounted; only what is the container's own is given to it.
            Assert.Equal(100000u, Status(Path.Combine(container, "upper")).Uid);
            Assert.Equal(100000u, Status(Path.Combine(container, "rootfs")).Uid);
            return;
        }

        FileStatus su = Status(Path.Combine(container, "rootfs", "su"));
        Assert.Equal((100005u, 100006u, 0x9EDu), (su.Uid, su.Gid, su.Permissions));
        Assert.Equal(100000u, Status(Path.Combine(container, "rootfs")).Uid);
        using SafeFileHandle root = Libc.Open(Path.Combine(container, "rootfs"), Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        Assert.Equal(0, Libc.GetAttributeAt(root, "ping"u8, "security.capability"u8, out byte[] value));
        Assert.Equal(24, value.Length);
        Assert.Equal(100000u, BitConverter.ToUInt32(value, 20));
        Assert.Equal((0u, 0x9EDu), (Status(Path.Combine(layers[0], "su")).Uid - 5, Status(Path.Combine(layers[0], "su")).Permissions));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void An_image_without_layers_is_an_empty_folder(string name)
    {
        IStorageDriver driver = Begin(name);
        driver.Prepare(Container(), [], 0, TestContext.Current.CancellationToken);
        Assert.Equal([""], See(driver, []).Keys);
        Shell(driver, [], "touch \"$0/file\"");
        driver.Remove(Container());
        Assert.Empty(Directory.GetFileSystemEntries(Container()));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void Whatever_the_container_left_is_removed(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers(new TarBuilder().Folder("a").File("a/b", "x"));
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);
        Shell(driver, layers, "cd \"$0\"; rm -r a; mkdir -p deep/er; chmod 0 deep/er deep; mkfifo pipe; ln -s /etc out; chattr +i pipe 2>/dev/null || true; echo x > still; chattr +i still || true");
        driver.Remove(Container());
        Assert.Empty(Directory.GetFileSystemEntries(Container()));
        Assert.True(Directory.Exists("/etc"));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void Changes_are_found_and_can_be_packed_as_a_layer(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers(
            new TarBuilder().Folder("./", 0x1ED).Folder("etc").File("etc/kept", "x").File("etc/gone", "x").File("etc/edited", "old").Folder("dir").File("dir/inner", "x")
                .Folder("quiet").File("quiet/file", "x").File("to-folder", "x"),
            new TarBuilder().File("etc/upper", "x").File("dir/.wh.inner", ""));
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);
        Assert.Empty(Changes(driver, layers));
        Shell(
            driver, layers,
            "cd \"$0\"; echo changed > etc/edited; rm etc/gone; rm -r dir; mkdir dir; echo y > dir/other; echo z > new; ln new hard; rm to-folder; mkdir -p to-folder/deep; chmod 700 etc/upper");
        Assert.Equal(
            [
                "Changed dir", "Added dir/other", "Changed etc", "Changed etc/edited", "Deleted etc/gone", "Changed etc/upper", "Added hard", "Added new",
                "Changed to-folder", "Added to-folder/deep",
            ],
            Changes(driver, layers));

        // Packed and unpacked again on top of the same layers, they make the same root file system.
        string blob = Path.Combine(_folder, "changes.tar");
        using (FileStream file = File.Create(blob))
        {
            TarWriter tar = new(file);
            driver.FindChanges(Container(), layers, 0, new RootPacker(tar, asLayer: true, newest: null, TestContext.Current.CancellationToken).Add);
            tar.Close();
        }

        string copy = Path.Combine(_folder, "unpacked");
        Directory.CreateDirectory(copy);
        using (FileStream file = File.OpenRead(blob))
        using (LayerUnpacker unpacker = new(copy, "the changes"))
        {
            unpacker.Unpack(new TarReader(new StreamSource(file), "the changes"), TestContext.Current.CancellationToken);
        }

        Assert.Equal(Walk(driver.RootFolders(Container(), layers, 0)), Walk([(copy, 0), .. layers.Select(layer => (layer, 0u))]));
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void What_was_made_to_mount_on_is_no_change_but_what_the_container_did_beside_it_is(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers(
            new TarBuilder().Folder("./", 0x1ED).Folder("etc").File("etc/other", "x").Folder("opt").Folder("run").Folder("run/lock").Folder("srv").Folder("srv/deep").File("srv/deep/file", "x"));
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);
        string[] mountPoints = ["etc/hosts", "opt/app/data", "run/lock", "srv/deep/v", "var/lib/x/volume"];
        // As the launch does it.
        Shell(driver, layers, "umask 022; cd \"$0\"; touch etc/hosts; mkdir -p opt/app/data srv/deep/v var/lib/x/volume");
        Assert.Empty(Changes(driver, layers, mountPoints));
        // As the container does it; where the image has all that is mounted on, also a folder that is different in its time alone.
        Shell(driver, layers, "umask 022; cd \"$0\"; echo x > opt/app/own; touch run/passing; rm run/passing; chmod 700 srv; rm srv/deep/file; echo x > z; echo x > var/lib/a; echo full > etc/hosts");
        Assert.Equal(
            [
                "Changed etc", "Added etc/hosts", "Changed opt", "Added opt/app", "Added opt/app/own", "Changed run", "Changed srv", "Changed srv/deep", "Deleted srv/deep/file",
                "Added var", "Added var/lib", "Added var/lib/a", "Added z",
            ],
            Changes(driver, layers, mountPoints));
    }

    [Fact]
    public void A_file_whose_content_overlayfs_left_below_is_refused_and_not_packed_as_zeros()
    {
        IStorageDriver driver = Begin("overlay");
        List<string> layers = Layers(new TarBuilder().File("file", "content"));
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);
        // As a change of the owner with metacopy=on leaves it.
        string upper = Path.Combine(Container(), "upper", "file");
        using (FileStream file = File.Create(upper)) file.SetLength(7);
        using (SafeFileHandle file = File.OpenHandle(upper))
        {
            int errno = Libc.SetAttribute(file, "trusted.overlay.metacopy"u8, []);
            Assert.SkipWhen(errno == Errno.EOPNOTSUPP, "the temporary folder has no trusted attributes");
            Assert.Equal(0, errno);
        }

        ContainerException error = Assert.Throws<ContainerException>(() => driver.FindChanges(
            Container(), layers, 0, new RootPacker(new TarWriter(Stream.Null), asLayer: true, newest: null, TestContext.Current.CancellationToken).Add));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Contains("/file", error.Message, StringComparison.Ordinal);
    }

    private List<string> Changes(IStorageDriver driver, IReadOnlyList<string> layers, params string[] mountPoints)
    {
        List<string> changes = [];
        using MountPointFilter filter = new(mountPoints, entry =>
        {
            if (entry.Hidden || entry.Path.Length == 0) return;
            // The folder it is in is open, whenever it is told.
            if (entry.Kind != ContainerChangeKind.Deleted) Assert.Equal(0, Libc.StatAt(entry.Folder, entry.Name, out _));
            changes.Add($"{entry.Kind} {Encoding.UTF8.GetString(entry.Path)}");
        });
        driver.FindChanges(Container(), layers, 0, filter.Take);
        filter.Finish();
        return changes;
    }

    private static List<string> Walk(IReadOnlyList<(string Folder, uint Owner)> folders)
    {
        List<string> seen = [];
        RootWalk.Run(folders, entry =>
        {
            if (entry.Path.Length > 0) seen.Add($"{Encoding.UTF8.GetString(entry.Path)} {entry.Status.Mode} {(entry.Status.IsFile ? entry.Status.Size : 0)}");
        });
        return seen;
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public void Many_layers_can_be_stacked(string name)
    {
        IStorageDriver driver = Begin(name);
        List<string> layers = Layers([.. Enumerable.Range(0, 127).Select(i => new TarBuilder().File($"file{i}", $"{i}").File("last", $"{i}"))]);
        driver.Prepare(Container(), layers, 0, TestContext.Current.CancellationToken);
        if (driver.RootMount(Container(), layers, null, null) is { } mount)
        {
            // More than one page of options: mount(8) cannot, the launch hands the layers over one by one.
            string lower = Assert.Single(mount.Options!, option => option.StartsWith("lowerdir=", StringComparison.Ordinal));
            Assert.Equal(127, lower["lowerdir=".Length..].Split(':').Length);
            return;
        }

        Assert.Equal("126 0", Shell(driver, layers, "cd \"$0\"; echo $(cat last) $(cat file0)").Trim());
    }

    [Fact]
    public void Colons_and_backslashes_in_paths_are_escaped_and_commas_are_not()
    {
        OciMount mount = new OverlayDriver().RootMount("/c", ["/a:b,c", "/d\\e"], null, null)!;
        Assert.Contains(@"lowerdir=/a\:b,c:/d\\e", mount.Options!);
        // Whatever the kernel's default is: the upper folder must hold the content of what has changed.
        Assert.Contains("metacopy=off", mount.Options!);
        Assert.Equal("/", mount.Destination);
        Assert.Equal("overlay", mount.Type);
    }

    [Fact]
    public async Task Btrfs_shows_a_merged_layer_when_it_is_on_the_disk()
    {
        Begin("btrfs");
        StoreFixture.RequireTool("strace");
        Layers(new TarBuilder().File("file", "x"));
        List<string> calls = await StoreWorker.TraceAsync(_folder, "merge", TestContext.Current.CancellationToken);
        int synced = calls.FindIndex(call => call.Contains("syncfs(", StringComparison.Ordinal));
        int appeared = calls.FindIndex(call => call.Contains("rename(", StringComparison.Ordinal) && call.Contains("merging", StringComparison.Ordinal));
        Assert.True(synced >= 0 && synced < appeared, string.Join('\n', calls));
        Assert.Contains(calls.Skip(appeared), call => call.Contains("fsync(", StringComparison.Ordinal));
    }

    private IStorageDriver Begin(string name)
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("unshare");
        if (name == "overlay") RequireOverlay();
        if (name == "btrfs") MountBtrfs();
        Directory.CreateDirectory(_folder);
        return StorageDrivers.Named(name);
    }

    private void RequireOverlay()
    {
        using SafeFileHandle folder = Libc.Open(Path.GetTempPath(), Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        Assert.SkipWhen(Libc.FileSystemType(folder) == Libc.OVERLAYFS_SUPER_MAGIC, "the temporary folder is on an overlay, on which no other can stand");
    }

    /// <summary>
    /// A btrfs in a file, mounted in a mount namespace of its own and reached through /proc: nothing is mounted on the host, and
    /// whatever happens to this process, the mount goes with the namespace.
    /// </summary>
    private void MountBtrfs()
    {
        StoreFixture.RequireTool("mkfs.btrfs");
        _image = Path.Combine(Path.GetTempPath(), $"containertools-btrfs-{Guid.NewGuid():n}.img");
        using (FileStream file = File.Create(_image)) file.SetLength(512L * 1024 * 1024);
        StoreFixture.Run("mkfs.btrfs", "-q", "-f", _image);
        _mountPoint = Path.ChangeExtension(_image, null);
        Directory.CreateDirectory(_mountPoint);
        ProcessStartInfo start = new("unshare", ["-m", "--propagation", "private", "sh", "-c", "mount -o loop \"$1\" \"$2\" && echo $$ && read line", "sh", _image, _mountPoint])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _namespace = Process.Start(start)!;
        string? line = _namespace.StandardOutput.ReadLine();
        Assert.SkipWhen(line is null, $"this machine cannot mount btrfs from a file: {(line is null ? _namespace.StandardError.ReadToEnd().Trim() : "")}");
        int id = int.Parse(line!, CultureInfo.InvariantCulture);
        _folder = $"/proc/{id}/root{_mountPoint}";
    }

    private string Container(string name = "container")
    {
        string folder = Path.Combine(_folder, name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Unpacks layers, base first; their folders, uppermost first, where the store would have them.</summary>
    private List<string> Layers(params TarBuilder[] tars)
    {
        List<string> folders = [];
        foreach (TarBuilder tar in tars)
        {
            string folder = Path.Combine(_folder, "layers", folders.Count.ToString(CultureInfo.InvariantCulture), LayerStore.DiffName);
            Directory.CreateDirectory(folder);
            using LayerUnpacker unpacker = new(folder, "layer");
            unpacker.Unpack(new TarReader(new StreamSource(new MemoryStream(tar.Build())), "layer"), TestContext.Current.CancellationToken);
            LayerInheritance.Apply(folder, unpacker.Contents, folders);
            LayerWhiteouts.RemoveUseless(folder, unpacker.Contents, folders);
            folders.Insert(0, folder);
        }

        return folders;
    }

    private Dictionary<string, string> See(IStorageDriver driver, IReadOnlyList<string> layers)
        => Shell(driver, layers, "find \"$0\" -printf '%P\\t%y %m %U %G %T@ %s\\n'")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))
            .ToDictionary(parts => parts[0], parts => parts[1].Replace(".0000000000", "", StringComparison.Ordinal));

    /// <summary>Runs a script with the container's root as $0, mounted where the driver says so.</summary>
    private string Shell(IStorageDriver driver, IReadOnlyList<string> layers, string script, string? container = null)
    {
        container ??= Container();
        string root = Path.Combine(container, "rootfs");
        if (driver.RootMount(container, layers, null, null) is not { } mount) return StoreFixture.Run("sh", "-c", script, root);
        string options = string.Join(',', mount.Options!.Select(option => option.Replace(",", "\\,", StringComparison.Ordinal)));
        return StoreFixture.Run(
            "unshare", "-m", "--propagation", "private", "sh", "-c", "mount -t overlay -o \"$1\" overlay \"$2\" && sh -c \"$3\" \"$2\"", "sh", options, root, script);
    }

    private static FileStatus Status(string path)
    {
        Assert.True(Libc.TryStat(path, out FileStatus status), path);
        return status;
    }
}
