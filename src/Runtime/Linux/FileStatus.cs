namespace ContainerTools.Runtime.Linux;

/// <summary>What statx(2) says about a file.</summary>
internal readonly record struct FileStatus
{
    private const uint TypeMask = 0xF000;

    /// <summary>Takes what is needed from the kernel's structure.</summary>
    public FileStatus(in Libc.StatxBuffer buffer)
    {
        Inode = buffer.Inode;
        Device = ((ulong)buffer.DevMajor << 32) | buffer.DevMinor;
        Size = buffer.Size;
        ModifiedNanoseconds = (buffer.ModifiedSeconds * 1_000_000_000) + buffer.ModifiedNanoseconds;
        Mode = buffer.Mode;
        Links = buffer.Links;
        Uid = buffer.Uid;
        Gid = buffer.Gid;
        DeviceMajor = buffer.RdevMajor;
        DeviceMinor = buffer.RdevMinor;
    }

    /// <summary>Inode number.</summary>
    public ulong Inode { get; init; }
    /// <summary>The file system it is on.</summary>
    public ulong Device { get; init; }
    /// <summary>Bytes.</summary>
    public long Size { get; init; }
    /// <summary>Time of the last change of its content, nanoseconds since 1970.</summary>
    public long ModifiedNanoseconds { get; init; }
    /// <summary>Type and permission bits (inode(7)).</summary>
    public uint Mode { get; init; }
    /// <summary>Names that lead to it; for a folder 2 and one for each folder in it, on file systems that count them.</summary>
    public uint Links { get; init; }
    /// <summary>Owner.</summary>
    public uint Uid { get; init; }
    /// <summary>Group.</summary>
    public uint Gid { get; init; }
    /// <summary>For a device node: its major number.</summary>
    public uint DeviceMajor { get; init; }
    /// <summary>For a device node: its minor number.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>The lower twelve bits of <see cref="Mode"/>.</summary>
    public uint Permissions => Mode & 0xFFF;
    /// <summary>S_ISDIR.</summary>
    public bool IsFolder => (Mode & TypeMask) == 0x4000;
    /// <summary>S_ISREG.</summary>
    public bool IsFile => (Mode & TypeMask) == 0x8000;
    /// <summary>S_ISLNK.</summary>
    public bool IsLink => (Mode & TypeMask) == 0xA000;
    /// <summary>S_ISCHR.</summary>
    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;
    /// <summary>S_ISBLK.</summary>
    public bool IsBlockDevice => (Mode & TypeMask) == 0x6000;
    /// <summary>How overlayfs marks a file that an upper layer has deleted: a character device 0:0.</summary>
    public bool IsWhiteout => IsCharacterDevice && DeviceMajor == 0 && DeviceMinor == 0;
}
