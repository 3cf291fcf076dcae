using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>Takes a container's folder away.</summary>
internal static class ContainerFolder
{
    /// <summary>
    /// Removes a container: renames its folder, by which it is gone for every reader at once, frees its name, and deletes the folder.
    /// What is left when this is interrupted, the next command that lists the containers clears away. The caller holds the
    /// container's lock.
    /// </summary>
    /// <param name="folder">The container's folder.</param>
    /// <param name="nameLink">The symbolic link of its name, or null.</param>
    /// <param name="removeLayer">Removes the writable layer from the (renamed) folder, as its storage driver does it; null for none.</param>
    /// <param name="onGone">Called when it is gone for readers: frees what others may have then.</param>
    public static void Remove(string folder, string? nameLink, Action<string>? removeLayer, Action? onGone = null)
    {
        string id = Path.GetFileName(folder);
        string doomed = Path.Combine(Path.GetDirectoryName(folder)!, ContainerStore.RemovingPrefix + id);
        Directory.Move(folder, doomed);
        if (nameLink is not null && Libc.ReadLink(nameLink) == id) File.Delete(nameLink);
        onGone?.Invoke();
        removeLayer?.Invoke(doomed);
        Delete(doomed);
    }

    /// <summary>
    /// Deletes a folder with all that is in it; no error when it is gone already. Whoever lists the containers at this moment asks for its lock, and may
    /// thereby make the file again, as long as there is the folder: the lock goes last, and as often as that happens.
    /// </summary>
    public static void Delete(string folder)
    {
        try
        {
            foreach (string entry in Directory.EnumerateFileSystemEntries(folder))
            {
                if (Path.GetFileName(entry) != ContainerLock.FileName) FolderRemoval.Remove(entry);
            }

            while (Directory.Exists(folder))
            {
                File.Delete(Path.Combine(folder, ContainerLock.FileName));
                int errno = Libc.RemoveFolder(folder);
                if (errno == 0 || errno == Errno.ENOENT) return;
                if (errno != Errno.ENOTEMPTY || !IsLockAlone(folder)) throw KernelError.From("rmdir", errno, folder);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Another process was faster.
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"{folder} cannot be removed: {error.Message}", folder, error);
        }
        catch (Exception error) when (error is KernelException or IOException)
        {
            throw new ContainerException((error as KernelException)?.Code ?? ErrorCode.KernelError, $"{folder} cannot be removed: {error.Message}", folder, error);
        }
    }

    private static bool IsLockAlone(string folder)
        => Directory.EnumerateFileSystemEntries(folder).All(entry => Path.GetFileName(entry) == ContainerLock.FileName);
}
