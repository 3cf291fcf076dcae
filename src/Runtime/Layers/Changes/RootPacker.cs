using System.Buffers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>
/// Writes what a walk finds as a tar archive: a layer with its whiteouts, or a whole root file system. The same files make the same bytes.
/// </summary>
/// <param name="tar">The archive.</param>
/// <param name="asLayer">Whether names that mean something in a layer are refused.</param>
/// <param name="newest">No file is written as younger than this, in seconds since 1970; null for the times they have.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class RootPacker(TarWriter tar, bool asLayer, long? newest, CancellationToken cancellationToken)
{
    private const int BufferSize = 1024 * 1024;

    private readonly Dictionary<(ulong Device, ulong Inode), byte[]> _linked = [];

    /// <summary>How many entries were written.</summary>
    public int Count { get; private set; }

    /// <summary>Writes one entry.</summary>
    public void Add(RootEntry entry)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (asLayer && entry.Name.AsSpan().StartsWith(".wh."u8))
        {
            throw new ContainerException(
                ErrorCode.ImageUnsupported,
                $"The container has a file '/{TarEntry.Display(entry.Path)}'; layers mark what is deleted by such names, so it cannot become part of an image. Rename it.");
        }

        if (entry.Kind == ContainerChangeKind.Deleted)
        {
            if (!entry.Hidden) Mark(entry.Path, entry.Name.Length, ".wh."u8, entry.Name);
            return;
        }

        FileStatus status = entry.Status;
        if (status.IsFile)
        {
            AddFile(entry);
        }
        else if (status.IsFolder)
        {
            byte[] name = [.. entry.Path.Length == 0 ? "."u8 : entry.Path, (byte)'/'];
            Write(entry, status, TarEntryType.Folder, name);
            if (entry.Opaque) Mark([.. name, (byte)'x'], 1, ".wh..wh..opq"u8, []);
        }
        else if (status.IsLink)
        {
            // It may be gone.
            if (Libc.ReadLinkAt(entry.Folder, entry.Name, out byte[] target) == 0) Write(entry, status, TarEntryType.SymbolicLink, entry.Path, target);
        }
        else if (status.IsCharacterDevice || status.IsBlockDevice)
        {
            Write(entry, status, status.IsBlockDevice ? TarEntryType.BlockDevice : TarEntryType.CharacterDevice, entry.Path);
        }
        else if ((status.Mode & Libc.S_IFMT) == Libc.S_IFIFO)
        {
            Write(entry, status, TarEntryType.Fifo, entry.Path);
        }

        // A socket is nothing without its process, and tar has no word for it.
    }

    private void Mark(byte[] path, int nameLength, ReadOnlySpan<byte> prefix, byte[] name)
    {
        Count++;
        tar.WriteEntry(new TarEntry { Type = TarEntryType.File, Name = [.. path.AsSpan(0, path.Length - nameLength), .. prefix, .. name], Mode = 0x180 });
    }

    private void AddFile(RootEntry entry)
    {
        int errno = Libc.OpenAt(entry.Folder, entry.Name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, 0, out SafeFileHandle file);
        // Gone, or replaced by a link, since it was found.
        if (errno == Errno.ENOENT || errno == Errno.ELOOP) return;
        if (errno != 0) throw KernelError.From("openat", errno, TarEntry.Display(entry.Path));
        using (file)
        {
            FileStatus status = Libc.Stat(file);
            if (!status.IsFile) return;
            MergedFolder.RefuseMetacopy(entry);
            if (status.Links > 1)
            {
                if (_linked.TryGetValue((status.Device, status.Inode), out byte[]? first))
                {
                    Write(entry, status, TarEntryType.HardLink, entry.Path, first);
                    return;
                }

                _linked.Add((status.Device, status.Inode), entry.Path);
            }

            List<(long Offset, long Length)>? pieces = Libc.DataOf(file, status.Size);
            Write(
                entry, status, TarEntryType.File, entry.Path, size: status.Size,
                fragments: pieces?.ConvertAll(piece => new TarFragment(piece.Offset, piece.Length)));
            foreach ((long offset, long length) in pieces ?? [(0, status.Size)]) Copy(file, offset, length);
            // A container that runs may have made it shorter.
            tar.WriteMissing();
        }
    }

    private void Copy(SafeFileHandle file, long offset, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(length, 1), BufferSize));
        try
        {
            while (length > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length)), offset);
                if (read == 0)
                {
                    tar.WriteZeros(length);
                    return;
                }

                tar.WriteContent(buffer.AsSpan(0, read));
                offset += read;
                length -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Write(
        RootEntry entry, FileStatus status, TarEntryType type, byte[] name, byte[]? link = null, long size = 0, IReadOnlyList<TarFragment>? fragments = null)
    {
        Count++;
        long seconds = Math.DivRem(status.ModifiedNanoseconds, 1_000_000_000, out long nanoseconds);
        if (nanoseconds < 0) (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000);
        if (newest is { } limit && seconds >= limit) (seconds, nanoseconds) = (limit, 0);
        tar.WriteEntry(new TarEntry
        {
            Type = type,
            Name = name,
            LinkName = link ?? [],
            Mode = status.Permissions,
            Uid = Own(status.Uid, entry.Owner),
            Gid = Own(status.Gid, entry.Owner),
            ModifiedSeconds = seconds,
            ModifiedNanoseconds = (int)nanoseconds,
            Size = size,
            StoredSize = fragments is null ? size : fragments.Sum(fragment => fragment.Length),
            Fragments = fragments,
            DeviceMajor = status.DeviceMajor,
            DeviceMinor = status.DeviceMinor,
            Attributes = type is TarEntryType.HardLink or TarEntryType.SymbolicLink ? [] : RootAttributes.Read(entry.Folder, entry.Name),
        });
    }

    /// <summary>The id as the container sees it; one that its user namespace does not have is nobody's.</summary>
    private static uint Own(uint id, uint owner) => owner == 0 ? id : id >= owner ? id - owner : 65534;
}
