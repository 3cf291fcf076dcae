using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// Takes away whiteouts that hide nothing. overlayfs leaves whiteouts out of a folder's list only where it merges the folder with one below; in a folder
/// that this layer alone has, its users would see a name that cannot be opened, and that keeps the folder from being removed. What is below a layer never
/// changes, because its chain id names all of it.
/// </summary>
internal static class LayerWhiteouts
{
    private static int Lookup => Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_NOFOLLOW;

    /// <summary>Removes those of a layer.</summary>
    /// <param name="diff">The layer's folder.</param>
    /// <param name="contents">What was found in it.</param>
    /// <param name="below">The folders of the layers below, uppermost first.</param>
    public static void RemoveUseless(string diff, LayerContents contents, IReadOnlyList<string> below)
    {
        if (contents.Whiteouts.Count == 0) return;
        using Folders root = new();
        root.Own = Libc.Open(diff, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        if (!contents.RootOpaque)
        {
            foreach (string folder in below) root.Opened.Add(Libc.Open(folder, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC));
            root.Lower.AddRange(root.Opened);
        }

        foreach (IGrouping<byte[], byte[]> group in contents.Whiteouts.GroupBy(path => LayerPath.Parent(path).ToArray(), ByteEquality.Instance))
        {
            using Folders? parent = Walk(root, group.Key);
            if (parent is not null) Remove(parent, group);
        }
    }

    /// <summary>The folder of this path in the layer, and those below that are seen through it. Null where the path leads through links, or is not there any more.</summary>
    private static Folders? Walk(Folders root, byte[] path)
    {
        Folders at = new();
        try
        {
            if (Libc.OpenAt2(root.Own!, path.Length == 0 ? "."u8 : path, Lookup, Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS, out SafeFileHandle own) != 0)
            {
                own.Dispose();
                at.Dispose();
                return null;
            }

            at.Own = own;
            List<SafeFileHandle> lower = root.Lower;
            SafeFileHandle folder = root.Own!;
            foreach (byte[] name in Components(path))
            {
                int errno = Libc.OpenAt(folder, name, Lookup, 0, out SafeFileHandle inner);
                Keep(at, folder, inner);
                folder = inner;
                // It was opened a moment ago as a whole: now it is not known what the layer has there.
                if (errno != 0) at.Unknown = true;
                if (errno != 0 || MergedFolder.IsOpaque(inner)) return at;
                lower = Inner(lower, name, at);
                if (at.Unknown) return at;
            }

            at.Lower.AddRange(lower);
            return at;
        }
        catch
        {
            at.Dispose();
            throw;
        }
    }

    /// <summary>The folders of a name that overlayfs merges: down to the first that is opaque, or no folder. Those it was looked for in are closed.</summary>
    private static List<SafeFileHandle> Inner(List<SafeFileHandle> folders, byte[] name, Folders at)
    {
        List<SafeFileHandle> merged = [];
        foreach (SafeFileHandle folder in folders)
        {
            int errno = Libc.OpenAt(folder, name, Lookup, 0, out SafeFileHandle inner);
            at.Opened.Add(inner);
            if (errno == Errno.ENOENT) continue;
            // No folder: it hides what is below it.
            if (errno == Errno.ENOTDIR || errno == Errno.ELOOP) break;
            if (errno != 0)
            {
                // Forbidden, no more files to open, a disk that fails: there may be something.
                at.Unknown = true;
                break;
            }

            merged.Add(inner);
            if (MergedFolder.IsOpaque(inner)) break;
        }

        // Many layers and deep paths would be more than a process may have open.
        foreach (SafeFileHandle folder in folders) Drop(at, folder);
        foreach (SafeFileHandle folder in at.Opened.Where(folder => folder.IsInvalid).ToList()) Drop(at, folder);
        return merged;
    }

    private static void Keep(Folders at, SafeFileHandle before, SafeFileHandle opened)
    {
        Drop(at, before);
        at.Opened.Add(opened);
    }

    /// <summary>Closes one that was opened on the way; not one of the root's.</summary>
    private static void Drop(Folders at, SafeFileHandle folder)
    {
        if (at.Opened.Remove(folder)) folder.Dispose();
    }

    private static void Remove(Folders parent, IEnumerable<byte[]> whiteouts)
    {
        if (parent.Unknown) return;
        bool known = Libc.StatAt(parent.Own!, [], out FileStatus before) == 0;
        bool changed = false;
        foreach (byte[] path in whiteouts)
        {
            ReadOnlySpan<byte> name = LayerPath.Name(path);
            // Replaced later in the archive.
            if (Libc.StatAt(parent.Own!, name, out FileStatus status) != 0 || !status.IsWhiteout || Hides(parent.Lower, name)) continue;
            // Where it cannot be removed it stays: it is a blemish, and no damage.
            changed |= Libc.UnlinkAt(parent.Own!, name, 0) == 0;
        }

        if (!changed || !known) return;
        long seconds = Math.DivRem(before.ModifiedNanoseconds, 1_000_000_000, out long nanoseconds);
        if (nanoseconds < 0) (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000);
        int errno = Libc.SetTimeAt(parent.Own!, "."u8, seconds, (int)nanoseconds);
        if (errno != 0) throw KernelError.From("utimensat", errno, TarEntry.Display(LayerPath.Parent(whiteouts.First()).ToArray()));
    }

    private static bool Hides(List<SafeFileHandle> lower, ReadOnlySpan<byte> name)
    {
        foreach (SafeFileHandle folder in lower)
        {
            int errno = Libc.StatAt(folder, name, out FileStatus status);
            if (errno == 0) return !status.IsWhiteout;
            if (errno != Errno.ENOENT) return true;
        }

        return false;
    }

    private static IEnumerable<byte[]> Components(byte[] path)
    {
        for (int start = 0; start < path.Length;)
        {
            int slash = Array.IndexOf(path, (byte)'/', start);
            int end = slash < 0 ? path.Length : slash;
            yield return path[start..end];
            start = end + 1;
        }
    }

    /// <summary>A folder of the layer, and what is merged with it from below, uppermost first.</summary>
    private sealed class Folders : IDisposable
    {
        public SafeFileHandle? Own { get; set; }

        public List<SafeFileHandle> Lower { get; } = [];

        /// <summary>What was opened on the way and is still needed.</summary>
        public HashSet<SafeFileHandle> Opened { get; } = [];

        /// <summary>Whether it could not be seen what is below.</summary>
        public bool Unknown { get; set; }

        public void Dispose()
        {
            Own?.Dispose();
            foreach (SafeFileHandle folder in Opened) folder.Dispose();
        }
    }

    private sealed class ByteEquality : IEqualityComparer<byte[]>
    {
        public static ByteEquality Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes)
        {
            HashCode code = default;
            code.AddBytes(bytes);
            return code.ToHashCode();
        }
    }
}
