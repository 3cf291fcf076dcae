using System.Runtime.InteropServices;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed partial class LayerViewTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_uppermost_file_is_seen_and_whiteouts_hide()
    {
        File("lower/etc/passwd", "lower");
        File("lower/etc/group", "lower");
        File("upper/etc/passwd", "upper");
        using (SafeFileHandle folder = Libc.Open(Path.Combine(_folder, "upper/etc"), Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC))
        {
            Assert.Equal(0, Libc.MakeNodeAt(folder, "group"u8, 0x2000, 0));
        }

        LayerView view = View("upper", "lower");
        Assert.Equal("upper"u8.ToArray(), view.ReadFile("/etc/passwd"));
        Assert.Null(view.ReadFile("/etc/group"));
    }

    [Fact]
    public void An_opaque_folder_covers_what_is_below()
    {
        File("lower/data/old", "lower");
        File("upper/data/new", "upper");
        Assert.SkipWhen(
            setxattr(Path.Combine(_folder, "upper/data"), "user.overlay.opaque", [(byte)'y'], 1, 0) != 0,
            "the file system of temporary files has no extended attributes");
        LayerView view = View("upper", "lower");
        Assert.Null(view.Find("/data/old"));
        Assert.NotNull(view.Find("/data/new"));
    }

    [Fact]
    public void Links_start_at_the_images_root_and_lead_through_all_layers()
    {
        File("lower/usr/lib/passwd", "found");
        Directory.CreateDirectory(Path.Combine(_folder, "upper/etc"));
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder, "upper/etc/passwd"), "/usr/lib/passwd");
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder, "upper/etc/out"), "../../../../../../usr/lib/passwd");
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder, "upper/etc/loop"), "loop");
        LayerView view = View("upper", "lower");
        Assert.Equal("found"u8.ToArray(), view.ReadFile("/etc/passwd"));
        Assert.Equal("found"u8.ToArray(), view.ReadFile("/etc/out"));
        Assert.Null(view.Find("/etc/loop"));
        Assert.True(view.Find("/etc/loop", followLast: false)!.Status.IsLink);
    }

    [Fact]
    public void A_link_to_the_hosts_files_does_not_leave_the_image()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "upper"));
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder, "upper/etc"), "/etc");
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder, "upper/passwd"), "/etc/passwd");
        LayerView view = View("upper");
        Assert.Null(view.ReadFile("/etc/passwd"));
        Assert.Null(view.ReadFile("/passwd"));
    }

    [Fact]
    public void A_file_above_a_folder_covers_it()
    {
        File("lower/a/b", "lower");
        File("upper/a", "upper");
        LayerView view = View("upper", "lower");
        Assert.Null(view.Find("/a/b"));
        Assert.Equal("upper"u8.ToArray(), view.ReadFile("/a"));
        Assert.Null(View().Find("/a"));
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setxattr(string path, string name, byte[] value, nint size, int flags);

    private LayerView View(params string[] layers) => new([.. layers.Select(layer => Path.Combine(_folder, layer))]);

    private void File(string path, string content)
    {
        string full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        System.IO.File.WriteAllText(full, content);
    }
}
