using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// In a merged tree, a folder looks as its uppermost layer has it. A layer that puts a file into <c>/tmp</c> without saying how
/// <c>/tmp</c> is to be must not take away the sticky bit it has below.
/// </summary>
internal static class LayerInheritance
{
    /// <summary>Gives the folders that a layer only implies the owner, mode and time they have in the layers below.</summary>
    /// <param name="diff">The layer's folder.</param>
    /// <param name="contents">What was found in it.</param>
    /// <param name="below">The folders of the layers below, uppermost first.</param>
    public static void Apply(string diff, LayerContents contents, IReadOnlyList<string> below)
    {
        if (below.Count == 0 || (contents.RootGiven && contents.ImpliedFolders.Count == 0)) return;
        using SafeFileHandle root = Libc.Open(diff, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        List<SafeFileHandle> lower = [];
        try
        {
            foreach (string folder in below) lower.Add(Libc.Open(folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC));
            // Inner ones first, because the outer ones' modes may shut them to an unprivileged user.
            for (int i = contents.ImpliedFolders.Count - 1; i >= 0; i--) Inherit(root, contents.ImpliedFolders[i], lower);
            if (!contents.RootGiven) Inherit(root, "."u8.ToArray(), lower);
        }
        finally
        {
            foreach (SafeFileHandle handle in lower) handle.Dispose();
        }
    }

    private static void Inherit(SafeFileHandle root, byte[] path, List<SafeFileHandle> lower)
    {
        foreach (SafeFileHandle layer in lower)
        {
            int errno = Libc.OpenAt2(layer, path, Libc.O_PATH | Libc.O_NOFOLLOW, Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS, out SafeFileHandle found);
            using (found)
            {
                if (errno == Errno.ENOENT) continue;
                // Something else is in its place, perhaps a whiteout: it is a new folder.
                if (errno != 0 || Libc.StatAt(found, [], out FileStatus status) != 0 || !status.IsFolder) return;
                errno = Libc.OpenAt2(
                    root, path, Libc.O_RDONLY | Libc.O_DIRECTORY, Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS, out SafeFileHandle folder);
                using (folder)
                {
                    // Replaced by something else later in the archive.
                    if (errno != 0) return;
                    if (Environment.IsPrivilegedProcess) Check(Libc.ChangeOwner(folder, status.Uid, status.Gid), "fchown", path);
                    Check(Libc.ChangeMode(folder, status.Permissions), "fchmod", path);
                    long seconds = Math.DivRem(status.ModifiedNanoseconds, 1_000_000_000, out long nanoseconds);
                    if (nanoseconds < 0) (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000);
                    Check(Libc.SetTime(folder, seconds, (int)nanoseconds), "futimens", path);
                }

                return;
            }
        }
    }

    private static void Check(int errno, string call, byte[] path)
    {
        if (errno != 0) throw KernelError.From(call, errno, Encoding.UTF8.GetString(path));
    }
}
