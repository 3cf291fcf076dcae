using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>Something in a root file system, or missing from it, with the open folder it is in. Good only while the walk stands there.</summary>
/// <param name="Path">Its path without a leading slash; empty for the root folder.</param>
/// <param name="Kind">What became of it since the container was made.</param>
/// <param name="Folder">The folder it is in.</param>
/// <param name="Name">Its name there; empty for the folder itself.</param>
/// <param name="Status">What it is; of something deleted, what it was.</param>
/// <param name="Owner">Host id of the root of the user namespace that its owner and group are ids of; 0 without one.</param>
internal readonly record struct RootEntry(byte[] Path, ContainerChangeKind Kind, SafeFileHandle Folder, byte[] Name, FileStatus Status, uint Owner)
{
    /// <summary>For a folder: hides all that the layers below have in it.</summary>
    public bool Opaque { get; init; }

    /// <summary>For a changed folder: mode, owner and attributes are as below, so that nothing of it is different but its time, and perhaps what is in it.</summary>
    public bool SameFolder { get; init; }

    /// <summary>For something deleted: it is hidden by an opaque folder around it.</summary>
    public bool Hidden { get; init; }

    /// <summary>The longest path: the kernel takes none longer (PATH_MAX), and so a walk never goes deeper than half of it.</summary>
    public const int MaximumPath = 4095;

    /// <summary>The path of an entry of a folder.</summary>
    public static byte[] Join(byte[] path, byte[] name)
    {
        byte[] joined = path.Length == 0 ? name : [.. path, (byte)'/', .. name];
        return joined.Length <= MaximumPath
            ? joined
            : throw new ContainerException(ErrorCode.NotSupported, $"The folder '{TarEntry.Display(path)[..60]}…' is nested too deeply to be read.");
    }
}
