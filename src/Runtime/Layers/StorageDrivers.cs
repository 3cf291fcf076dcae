using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>Chooses the storage driver.</summary>
internal static class StorageDrivers
{
    /// <summary>The environment variable that names the driver.</summary>
    public const string Variable = "CONTAINERTOOLS_STORAGE_DRIVER";

    /// <summary>The driver that the environment or the machine's configuration names; without one, the first that works of overlay, btrfs, vfs.</summary>
    /// <param name="paths">The engine's folders.</param>
    /// <param name="configured">What the machine's configuration says, or null.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/> for an unknown name.</exception>
    public static IStorageDriver Select(EnginePaths paths, string? configured = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        string? name = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(name))
        {
            return TryNamed(name) ?? throw new ContainerException(
                ErrorCode.InvalidArgument, $"{Variable} names the unknown storage driver '{name}'; use overlay, btrfs or vfs.", name);
        }

        if (!string.IsNullOrEmpty(configured))
        {
            return TryNamed(configured) ?? throw new ContainerException(
                ErrorCode.InvalidConfiguration, $"The engine's configuration names the unknown storage driver '{configured}'; use overlay, btrfs or vfs.", configured);
        }

        long fileSystem = FileSystemOf(paths.Root);
        // The writable layer of one overlay cannot lie on another.
        if (fileSystem != Libc.OVERLAYFS_SUPER_MAGIC && KernelHasOverlay()) return new OverlayDriver();
        return fileSystem == Libc.BTRFS_SUPER_MAGIC ? new BtrfsDriver() : new VfsDriver();
    }

    /// <summary>The driver of a container that was made with it.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.StateCorrupt"/> for an unknown name.</exception>
    public static IStorageDriver Named(string name)
        => TryNamed(name) ?? throw new ContainerException(ErrorCode.StateCorrupt, $"There is no storage driver '{name}'.", name);

    private static IStorageDriver? TryNamed(string name) => name switch
    {
        "overlay" or "overlay2" => new OverlayDriver(),
        "btrfs" => new BtrfsDriver(),
        "vfs" => new VfsDriver(),
        _ => null,
    };

    /// <summary>The folder itself may not be there yet.</summary>
    private static long FileSystemOf(string path)
    {
        while (!Directory.Exists(path)) path = Path.GetDirectoryName(path) ?? "/";
        using SafeFileHandle folder = Libc.Open(path, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        return Libc.FileSystemType(folder);
    }

    /// <summary>Asks for the file system, which loads its module; a user without privileges may not, and is told of it elsewhere.</summary>
    private static bool KernelHasOverlay()
    {
        try
        {
            using SafeFileHandle context = Libc.OpenFileSystem("overlay");
            return true;
        }
        catch (KernelException error) when (error.Errno == Errno.ENODEV)
        {
            return false;
        }
        catch (KernelException error) when (error.Errno == Errno.EPERM)
        {
            return true;
        }
    }
}
