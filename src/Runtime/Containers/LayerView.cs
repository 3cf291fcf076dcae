using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// An image's files as a container will see them, without a mount: looks a path up in the unpacked layers, uppermost first, as
/// overlayfs would: whiteouts hide, opaque folders cover, symbolic links start at the image's root. A path is walked
/// name by name, and no layer is ever asked to follow a link, so that nothing outside the layers is reached.
/// </summary>
/// <param name="layers">The layers' folders, uppermost first.</param>
internal sealed class LayerView(IReadOnlyList<string> layers)
{
    private const int MaximumLinks = 40;
    private const int MaximumFile = 4 << 20;

    /// <summary>Something that the image has.</summary>
    /// <param name="Path">Its place in the image, free of links.</param>
    /// <param name="HostPath">Where it is; for a folder that several layers have, in the uppermost of them.</param>
    /// <param name="Status">What it is.</param>
    /// <param name="HostFolders">For a folder: all layers' folders that are merged in it, uppermost first.</param>
    internal sealed record Entry(string Path, string HostPath, FileStatus Status, IReadOnlyList<string> HostFolders);

    /// <summary>Finds a path; null when the image does not have it.</summary>
    /// <param name="path">Absolute, in the image.</param>
    /// <param name="followLast">Whether a symbolic link at the end is followed.</param>
    public Entry? Find(string path, bool followLast = true)
    {
        Stack<Entry> way = new();
        way.Push(Root());
        Stack<string> names = new();
        Push(names, path);
        int links = 0;
        while (names.TryPop(out string? name))
        {
            if (name == "..")
            {
                if (way.Count > 1) way.Pop();
                continue;
            }

            Entry? next = way.Peek().Status.IsFolder ? Child(way.Peek(), name) : null;
            if (next is null) return null;
            if (!next.Status.IsLink || (names.Count == 0 && !followLast))
            {
                way.Push(next);
                continue;
            }

            if (++links > MaximumLinks || Libc.ReadLink(next.HostPath) is not { } target) return null;
            if (target.StartsWith('/'))
            {
                while (way.Count > 1) way.Pop();
            }

            Push(names, target);
        }

        return way.Peek();
    }

    /// <summary>The content of a file, at most 4 MB; null when the image has no such file.</summary>
    public byte[]? ReadFile(string path)
    {
        if (Find(path) is not { Status.IsFile: true } entry || entry.Status.Size > MaximumFile) return null;
        using SafeFileHandle file = Libc.Open(entry.HostPath, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        byte[] content = new byte[entry.Status.Size];
        int length = RandomAccess.Read(file, content, 0);
        return content[..length];
    }

    private static Entry? Child(Entry folder, string name)
    {
        Entry? found = null;
        List<string>? merged = null;
        foreach (string hostFolder in folder.HostFolders)
        {
            string hostPath = Path.Combine(hostFolder, name);
            if (!Libc.TryStat(hostPath, out FileStatus status)) continue;
            if (status.IsWhiteout) break;
            if (found is null)
            {
                merged = [];
                found = new Entry(Path.Combine(folder.Path, name), hostPath, status, merged);
                if (!status.IsFolder) break;
            }
            else if (!status.IsFolder)
            {
                break;
            }

            merged!.Add(hostPath);
            if (Libc.HasAttribute(hostPath, "trusted.overlay.opaque", 'y') || Libc.HasAttribute(hostPath, "user.overlay.opaque", 'y')) break;
        }

        return found;
    }

    private static void Push(Stack<string> names, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i] != ".") names.Push(parts[i]);
        }
    }

    private Entry Root()
    {
        FileStatus status = default;
        if (layers.Count == 0 || !Libc.TryStat(layers[0], out status)) status = new FileStatus { Mode = 0x41ED /* a folder, 0755 */ };
        return new Entry("/", layers.Count == 0 ? "/nonexistent" : layers[0], status, layers);
    }
}
