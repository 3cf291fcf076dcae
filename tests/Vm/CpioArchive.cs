using System.Globalization;
using System.Text;

namespace ContainerTools.Vm.Tests;

/// <summary>Writes an initramfs: a cpio archive of the "newc" kind (kernel Documentation/driver-api/early-userspace/buffer-format.rst).</summary>
internal sealed class CpioArchive(Stream output) : IDisposable
{
    private const int FolderMode = 0x41ed;  // S_IFDIR | 0755
    private const int ProgramMode = 0x81ed; // S_IFREG | 0755
    private readonly HashSet<string> _folders = [];
    private int _inode;

    /// <summary>Adds a file, with the folders above it; all files may be executed.</summary>
    /// <param name="path">Relative to the root of the archive.</param>
    /// <param name="content">Its bytes.</param>
    public void AddFile(string path, byte[] content)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
            if (_folders.Add(path[..slash])) Add(path[..slash], FolderMode, []);
        Add(path, ProgramMode, content);
    }

    /// <summary>Adds a file of this machine.</summary>
    public void AddFile(string path, string source) => AddFile(path, File.ReadAllBytes(source));

    /// <summary>Adds all files below a folder of this machine.</summary>
    public void AddFolder(string path, string source)
    {
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            AddFile($"{path}/{Path.GetRelativePath(source, file)}", file);
    }

    public void Dispose() => Add("TRAILER!!!", 0, []);

    private void Add(string path, int mode, byte[] content)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        // magic, inode, mode, uid, gid, links, mtime, size, device and rdevice (major and minor), length of the name, checksum
        int[] fields = [++_inode, mode, 0, 0, 1, 0, content.Length, 0, 0, 0, 0, name.Length, 0];
        var header = new StringBuilder("070701");
        foreach (int field in fields) header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        output.Write(Encoding.ASCII.GetBytes(header.ToString()));
        output.Write(name);
        Pad(header.Length + name.Length);
        output.Write(content);
        Pad(content.Length);
    }

    private void Pad(int length) => output.Write(new byte[(4 - (length % 4)) % 4]);
}
