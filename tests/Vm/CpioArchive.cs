using System.Globalization;
using System.Text;

namespace ContainerTools.Vm.Tests;

/// <summary>Writes an initramfs: a cpio archive of the "newc" kind (kernel Documentation/driver-api/early-userspace/buffer-format.rst).</summary>
internal sealed class CpioArchive(Stream output) : IDisposable
{
    private const int FolderMode = 0x41ed;  // S_IFDIR | 0755
    private const int ProgramMode = 0x81ed; // S_IFREG | 0755
    private const int FileKind = 0x8000;    // S_IFREG
    private const int FolderKind = 0x4000;  // S_IFDIR
    private const int LinkMode = 0xa1ff;    // S_IFLNK | 0777
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

    /// <summary>
    /// Adds a system: folders, files with their modes, symbolic links as they are. Everything belongs to root. What is in the folders for the kernel's file systems is
    /// left out, and with it all devices and sockets.
    /// </summary>
    public void AddTree(string root) => AddTree(root, "");

    private void AddTree(string root, string folder)
    {
        // Level by level: a recursive enumeration would follow links to folders, out of the tree.
        foreach (FileSystemInfo entry in new DirectoryInfo(Path.Combine(root, folder)).EnumerateFileSystemInfos())
        {
            string path = Path.Combine(folder, entry.Name);
            if (entry.LinkTarget is { } target)
            {
                Add(path, LinkMode, Encoding.UTF8.GetBytes(target));
            }
            else if (entry is DirectoryInfo)
            {
                if (_folders.Add(path)) Add(path, FolderKind | (int)entry.UnixFileMode, []);
                if (path is not ("proc" or "sys" or "dev" or "run" or "tmp")) AddTree(root, path);
            }
            else
            {
                Add(path, FileKind | (int)entry.UnixFileMode, File.ReadAllBytes(entry.FullName));
            }
        }
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
