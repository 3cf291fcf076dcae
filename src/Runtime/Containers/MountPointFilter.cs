using System.Text;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Leaves out of a container's changes what the launch has made to mount on: empty files and folders, folders on the way to them, and folders that are different only
/// because of that. Such a folder is held back until it is known what else is in it.
/// </summary>
internal sealed class MountPointFilter : IDisposable
{
    private readonly HashSet<string> _mountPoints = [];
    private readonly HashSet<string> _parents = [];
    private readonly Action<RootEntry> _found;
    private readonly List<Held> _held = [];

    /// <summary>A filter.</summary>
    /// <param name="mountPoints">Where the launch mounts something, without a slash at the beginning and the end.</param>
    /// <param name="found">Is told the rest, in the same order.</param>
    public MountPointFilter(IEnumerable<string> mountPoints, Action<RootEntry> found)
    {
        _found = found;
        foreach (string path in mountPoints)
        {
            _mountPoints.Add(path);
            for (int slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1)) _parents.Add(path[..slash]);
        }
    }

    /// <summary>Takes the next change; a folder comes before what is in it.</summary>
    public void Take(RootEntry entry)
    {
        Leave(entry.Path);
        string path = Encoding.UTF8.GetString(entry.Path);
        if (IsMountPoint(entry, path))
        {
            foreach (Held folder in _held) folder.HasMountPoint = true;
        }
        else if (_parents.Contains(path) && IsByTheWay(entry))
        {
            _held.Add(new Held(entry));
        }
        else
        {
            TellHeld(_held.Count);
            _found(entry);
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Finish() => Leave([]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Held folder in _held) folder.Dispose();
        _held.Clear();
    }

    // The walk has come to another path: of what it has left, that counts in which nothing was made to mount on.
    private void Leave(byte[] path)
    {
        int stays = _held.FindIndex(folder => !IsInside(path, folder.Entry.Path));
        if (stays < 0) return;
        int last = _held.FindLastIndex(folder => !folder.HasMountPoint);
        TellHeld(last >= stays ? last + 1 : 0);
        int left = _held.FindIndex(folder => !IsInside(path, folder.Entry.Path));
        for (int i = _held.Count - 1; left >= 0 && i >= left; i--)
        {
            _held[i].Dispose();
            _held.RemoveAt(i);
        }
    }

    private void TellHeld(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _found(_held[0].Entry);
            _held[0].Dispose();
            _held.RemoveAt(0);
        }
    }

    private static bool IsInside(byte[] path, byte[] folder)
        => path.Length > folder.Length && path[folder.Length] == (byte)'/' && path.AsSpan().StartsWith(folder);

    // The launch makes an empty file or folder where the image has nothing to mount on.
    private bool IsMountPoint(RootEntry entry, string path)
        => entry.Kind == ContainerChangeKind.Added && (entry.Status.IsFolder || (entry.Status.IsFile && entry.Status.Size == 0)) && _mountPoints.Contains(path);

    // As the launch makes it, or as the image has it.
    private static bool IsByTheWay(RootEntry entry) => entry.Kind == ContainerChangeKind.Added
        ? entry.Status.IsFolder && entry.Status.Permissions == 0x1ED && entry.Status.Uid == entry.Owner && entry.Status.Gid == entry.Owner
        : entry.SameFolder;

    /// <summary>A folder that is held back, with an open descriptor of its own: the walk closes the folder around it before it is told.</summary>
    private sealed class Held : IDisposable
    {
        public Held(RootEntry entry)
        {
            int errno = Libc.OpenAt(entry.Folder, "."u8.ToArray(), Libc.O_RDONLY | Libc.O_DIRECTORY, 0, out SafeFileHandle own);
            if (errno != 0) throw KernelError.From("openat", errno, TarEntry.Display(entry.Path));
            Entry = entry with { Folder = own };
        }

        public RootEntry Entry { get; }

        public bool HasMountPoint { get; set; }

        public void Dispose() => Entry.Folder.Dispose();
    }
}
