using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>flock(2) on a file that is there for nothing else; the kernel lets it go when its holder dies.</summary>
internal sealed class HeldFile : IDisposable
{
    private readonly SafeFileHandle _file;

    private HeldFile(SafeFileHandle file) => _file = file;

    /// <summary>Waits for the lock.</summary>
    /// <param name="folder">The folder, which is made where it is not there.</param>
    /// <param name="name">The file in it.</param>
    public static HeldFile Take(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        const int flags = Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, ownersOnly = 0x180;
        SafeFileHandle? file = Libc.TryOpen(path, flags, ownersOnly, out int errno);
        if (file is null && errno == Errno.ENOENT)
        {
            Directory.CreateDirectory(folder);
            file = Libc.TryOpen(path, flags, ownersOnly, out errno);
        }

        if (file is null) throw KernelError.From("open", errno, path);
        Libc.Lock(file, path);
        return new HeldFile(file);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Libc.Unlock(_file);
        _file.Dispose();
    }
}
