namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Makes folders with the very mode that is asked for. mkdir(2) takes the process's umask away from it, and that of a hardened server (027, 077) would
/// shut out of an image or a volume whoever is not root.
/// </summary>
internal static class NewFolder
{
    /// <summary>0755, as the root of an image and a new volume are where nobody says otherwise.</summary>
    public const UnixFileMode Public = Passage | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>0711: others may go through, and see nothing.</summary>
    public const UnixFileMode Passage = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes a folder, and those above it that are missing; one that is there is left as it is.</summary>
    public static void Make(string path, UnixFileMode mode)
    {
        if (Directory.Exists(path)) return;
        Directory.CreateDirectory(path, mode);
        File.SetUnixFileMode(path, mode);
    }
}
