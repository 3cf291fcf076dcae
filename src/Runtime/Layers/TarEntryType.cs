namespace ContainerTools.Runtime.Layers;

/// <summary>What a tar entry is (tar(5), the typeflag).</summary>
internal enum TarEntryType
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>Another name of a file that came before.</summary>
    HardLink,
    /// <summary>A symbolic link.</summary>
    SymbolicLink,
    /// <summary>A character device.</summary>
    CharacterDevice,
    /// <summary>A block device.</summary>
    BlockDevice,
    /// <summary>A folder.</summary>
    Folder,
    /// <summary>A named pipe.</summary>
    Fifo,
}
