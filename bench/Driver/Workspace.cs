using System.Globalization;

namespace ContainerTools.Bench;

/// <summary>
/// The folder of this bench: a tmpfs that only this mount namespace sees, so that no disk is measured and nothing stays behind.
/// </summary>
internal sealed class Workspace
{
    private int _files;

    /// <param name="folder">The mount point of the tmpfs.</param>
    public Workspace(string folder)
    {
        Folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(Path.Combine(Folder, "files"));
    }

    /// <summary>Its path.</summary>
    public string Folder { get; }

    /// <summary>A path below it, made as a folder.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;

    /// <summary>A path that no other file has; the file is not made.</summary>
    public string NewFile(string name) =>
        Path.Combine(Folder, "files", string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref _files)}-{name}"));
}
