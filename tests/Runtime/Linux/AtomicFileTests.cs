using ContainerTools.Runtime.Linux;
using Xunit;

namespace ContainerTools.Runtime.Tests.Linux;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("atomic-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_file_has_the_new_content_and_the_mode_and_nothing_else_is_left(bool durable)
    {
        string path = Path.Combine(_folder, "f");
        File.WriteAllText(path, "a long old content");
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        AtomicFile.Write(path, "new"u8, durable, Mode);
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(Mode, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_missing_folder_is_told()
        => Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(Path.Combine(_folder, "none", "f"), "x"u8));

    [Fact]
    public void A_failure_leaves_no_temporary_file()
    {
        string path = Path.Combine(_folder, "f");
        Directory.CreateDirectory(path);
        KernelException error = Assert.Throws<KernelException>(() => AtomicFile.Write(path, "x"u8));
        Assert.Equal("rename", error.SystemCall);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_full_disk_is_told_as_such()
    {
        // /dev/full takes no byte; the temporary file is made beside a file in a folder, so only the write itself can be played.
        if (!File.Exists("/dev/full")) Assert.Skip("/dev/full is not there.");
        using var full = Libc.Open("/dev/full", Libc.O_WRONLY | Libc.O_CLOEXEC);
        Assert.Equal(-Errno.ENOSPC, Libc.Write(full, "x"u8));
        Assert.Equal(ErrorCode.StorageFull, KernelError.From("write", Errno.ENOSPC).Code);
    }
}
