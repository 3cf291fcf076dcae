using ContainerTools.Integration.Tests.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Layers;

public sealed class FolderRemovalTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");

    public FolderRemovalTests() => Directory.CreateDirectory(_folder);

    public void Dispose() => StoreFixture.Run("rm", "-rf", _folder);

    [Fact]
    public void Links_are_removed_and_not_followed()
    {
        string outside = Path.Combine(_folder, "outside");
        Directory.CreateDirectory(outside);
        File.WriteAllText(Path.Combine(outside, "keep"), "");
        string doomed = Path.Combine(_folder, "doomed");
        Directory.CreateDirectory(doomed);
        File.CreateSymbolicLink(Path.Combine(doomed, "link"), outside);
        File.CreateSymbolicLink(Path.Combine(_folder, "top"), outside);
        FolderRemoval.Remove(doomed);
        FolderRemoval.Remove(Path.Combine(_folder, "top"));
        Assert.Equal([outside], Directory.GetFileSystemEntries(_folder));
        Assert.True(File.Exists(Path.Combine(outside, "keep")));
    }

    [Fact]
    public void What_is_not_there_is_removed_already()
    {
        FolderRemoval.Remove(Path.Combine(_folder, "nothing"));
        FolderRemoval.Remove(Path.Combine(_folder, "no", "where"));
    }

    [Fact]
    public void No_depth_is_too_great()
    {
        string doomed = Path.Combine(_folder, "deep");
        Directory.CreateDirectory(doomed);
        SafeFileHandle current = Libc.Open(doomed, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        for (int i = 0; i < 3000; i++)
        {
            // Longer than PATH_MAX by far: only descriptors get there.
            Assert.Equal(0, Libc.MakeFolderAt(current, "folder"u8, 0x1C0));
            Assert.Equal(0, Libc.OpenAt(current, "folder"u8, Libc.O_RDONLY | Libc.O_DIRECTORY, 0, out SafeFileHandle inner));
            current.Dispose();
            current = inner;
        }

        current.Dispose();
        FolderRemoval.Remove(doomed);
        Assert.False(Directory.Exists(doomed));
    }

    [Fact]
    public void Immutable_files_and_folders_are_removed()
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("chattr");
        string doomed = Path.Combine(_folder, "immutable");
        Directory.CreateDirectory(Path.Combine(doomed, "folder", "inner"));
        File.WriteAllText(Path.Combine(doomed, "folder", "inner", "file"), "");
        File.WriteAllText(Path.Combine(doomed, "log"), "");
        try
        {
            StoreFixture.Run("chattr", "+a", Path.Combine(doomed, "log"));
            StoreFixture.Run("chattr", "+i", Path.Combine(doomed, "folder", "inner", "file"), Path.Combine(doomed, "folder", "inner"), Path.Combine(doomed, "folder"));
        }
        catch (Xunit.Sdk.XunitException)
        {
            Assert.Skip("the file system of the temporary folder has no immutable flag");
        }

        FolderRemoval.Remove(doomed);
        Assert.False(Directory.Exists(doomed));
    }

    [Fact]
    public void Names_that_are_not_utf8_are_removed()
    {
        string doomed = Path.Combine(_folder, "bytes");
        Directory.CreateDirectory(doomed);
        using (SafeFileHandle folder = Libc.Open(doomed, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC))
        {
            Assert.Equal(0, Libc.MakeFolderAt(folder, [0xFF, 0xFE], 0x1C0));
            Assert.Equal(0, Libc.MakeNodeAt(folder, [0xC3], Libc.S_IFIFO | 0x180, 0));
        }

        FolderRemoval.Remove(doomed);
        Assert.False(Directory.Exists(doomed));
    }

    [Fact]
    public void A_user_removes_folders_that_forbid_it()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "needs a user without privileges, whom modes bind");
        string doomed = Path.Combine(_folder, "closed");
        Directory.CreateDirectory(Path.Combine(doomed, "inner", "deep"));
        File.SetUnixFileMode(Path.Combine(doomed, "inner", "deep"), UnixFileMode.None);
        File.SetUnixFileMode(Path.Combine(doomed, "inner"), UnixFileMode.None);
        FolderRemoval.Remove(doomed);
        Assert.False(Directory.Exists(doomed));
    }
}
