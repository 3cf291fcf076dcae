using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>The runs below one folder (<c>ctrun --root</c>): a folder for each, named by the container's id.</summary>
/// <param name="root">The folder; made when the first run is.</param>
internal sealed class RunStore(string root)
{
    /// <summary>Where ctrun keeps them unless told otherwise.</summary>
    public const string DefaultRoot = "/run/ctrun";

    private const int MaximumIdLength = 1024;

    /// <summary>The folder.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Makes the folder of a new run, and locks it. What a creation that died has left there is removed first.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNameInUse"/>, <see cref="ErrorCode.InvalidArgument"/>.</exception>
    public RunFolder Create(string id)
    {
        CheckId(id);
        string path = Path.Combine(Root, id);
        // Between mkdir and flock a folder looks like the rest of a dead creation: the root's lock keeps other creations from removing it.
        using SafeFileHandle root = OpenRoot();
        Libc.Lock(root, Root);
        int errno = Libc.MakeFolder(path, 0x1c9);
        if (errno == Errno.EEXIST)
        {
            RemoveLeftover(id, path);
            errno = Libc.MakeFolder(path, 0x1c9);
        }

        if (errno != 0) throw KernelError.From("mkdir", errno, path);
        return RunFolder.Lock(id, path) ?? throw new ContainerException(ErrorCode.ContainerRemoving, $"The container '{id}' was deleted while it was being created.", id);
    }

    private SafeFileHandle OpenRoot()
    {
        const int Flags = Libc.O_RDONLY | Libc.O_CLOEXEC;
        SafeFileHandle? root = Libc.TryOpen(Root, Flags | Libc.O_DIRECTORY, 0, out int errno);
        if (root is not null) return root;
        if (errno != Errno.ENOENT) throw KernelError.From("open", errno, Root);
        // Only root needs to look in here; others may pass through.
        NewFolder.Make(Root, NewFolder.Passage);
        return Libc.Open(Root, Flags | Libc.O_DIRECTORY);
    }

    /// <summary>The folder of a run, locked: nobody else changes the run until it is disposed of.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>.</exception>
    public RunFolder Lock(string id)
    {
        CheckId(id);
        return RunFolder.Lock(id, Path.Combine(Root, id)) ?? throw NotFound(id);
    }

    /// <summary>The folder of a run, for reading.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>.</exception>
    public RunFolder Open(string id)
    {
        CheckId(id);
        string path = Path.Combine(Root, id);
        return Directory.Exists(path) ? new RunFolder(id, path) : throw NotFound(id);
    }

    /// <summary>The ids of all runs, in ordinal order.</summary>
    public IReadOnlyList<string> Ids()
    {
        List<string> ids = [];
        if (!Directory.Exists(Root)) return ids;
        foreach (string path in Directory.EnumerateDirectories(Root)) ids.Add(Path.GetFileName(path));
        ids.Sort(StringComparer.Ordinal);
        return ids;
    }

    /// <summary>The error for an id that no run has. runc's words "container does not exist" are in it, because engines look for them.</summary>
    public static ContainerException NotFound(string id) => new(ErrorCode.ContainerNotFound, $"There is no container '{id}': container does not exist.", id);

    private static ContainerException InUse(string id)
        => new(ErrorCode.ContainerNameInUse, $"There is a container '{id}' already; delete it first, or choose another id.", id);

    private static void CheckId(string id)
    {
        bool valid = id.Length is > 0 and <= MaximumIdLength && id is not ("." or "..");
        foreach (Rune letter in id.EnumerateRunes()) valid &= Rune.IsLetterOrDigit(letter) || letter.Value is '_' or '+' or '-' or '.';
        if (!valid)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, $"'{id}' cannot be a container's id: use letters, digits and the characters _ + - . only.", id);
        }
    }

    private static void RemoveLeftover(string id, string path)
    {
        using RunFolder? folder = RunFolder.TryLock(id, path, out bool held);
        // Somebody creates it, or works on it: it is there.
        if (held) throw InUse(id);
        if (folder is null) return;
        if (folder.TryReadRecord() is not null) throw InUse(id);
        RunDeletion.RemoveIncomplete(folder);
    }
}
