using System.Globalization;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Host ids for user namespaces: each container has 65,536 of its own, the same for users and groups, so that no container can
/// touch what another owns. They are taken from the ranges that /etc/subuid and /etc/subgid (subuid(5)) both give to the user
/// <c>containers</c>, or, where there are none, from 1879048192 to 2147352575, which no distribution assigns. A symbolic link
/// <c>ids/&lt;first id&gt;</c> whose text is the container's id holds a range; making the link is what reserves it.
/// </summary>
internal sealed class IdRanges
{
    /// <summary>Ids per container.</summary>
    public const uint Size = 65_536;

    private const uint DefaultFirst = 0x7000_0000;
    private const uint DefaultEnd = 0x7FFE_0000;

    private readonly EnginePaths _paths;
    private readonly string _folder;
    private readonly (uint First, uint End) _range;

    /// <summary>Ranges of this machine.</summary>
    /// <param name="paths">Where the reservations are.</param>
    /// <param name="subordinateFolder">The folder of subuid and subgid.</param>
    public IdRanges(EnginePaths paths, string subordinateFolder = "/etc")
    {
        _paths = paths;
        _folder = Path.Combine(paths.Root, "ids");
        _range = Common(Read(Path.Combine(subordinateFolder, "subuid")), Read(Path.Combine(subordinateFolder, "subgid"))) ?? (DefaultFirst, DefaultEnd);
    }

    /// <summary>Reserves a range for a container whose lock the caller holds.</summary>
    /// <returns>The first host id.</returns>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> when no range is left.</exception>
    public uint Reserve(string containerId)
    {
        Directory.CreateDirectory(_folder);
        for (uint first = _range.First; first <= _range.End - Size; first += Size)
        {
            string link = LinkOf(first);
            if (Libc.TrySymlink(containerId, link)) return first;
            // The container whose range it was is gone, with the process that should have given it back. Removing the link lets everybody
            // try again: the range goes to whoever makes the new link.
            if (Libc.ReadLink(link) is { } owner && !Directory.Exists(_paths.Container(owner)) && TakeOver(link, owner, containerId)) return first;
        }

        throw new ContainerException(
            ErrorCode.NotSupported, "All ranges of host ids for user namespaces are in use; give the user 'containers' more in /etc/subuid and /etc/subgid.");
    }

    /// <summary>Gives a container's range back.</summary>
    public void Release(uint first, string containerId)
    {
        if (Libc.ReadLink(LinkOf(first)) == containerId) File.Delete(LinkOf(first));
    }

    private bool TakeOver(string link, string owner, string containerId)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle serial =
            Libc.Open(Path.Combine(_folder, ".lock"), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180 /* 0600 */);
        Libc.Lock(serial, _folder);
        try
        {
            if (Libc.ReadLink(link) != owner) return false;
            File.Delete(link);
            return Libc.TrySymlink(containerId, link);
        }
        finally
        {
            Libc.Unlock(serial);
        }
    }

    private string LinkOf(uint first) => Path.Combine(_folder, first.ToString(CultureInfo.InvariantCulture));

    private static (uint First, uint End)? Read(string path)
    {
        if (!File.Exists(path)) return null;
        foreach (string line in File.ReadLines(path))
        {
            string[] fields = line.Split(':');
            if (fields.Length == 3
                && fields[0] == "containers"
                && uint.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint first)
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint count)
                && count >= Size
                && first <= uint.MaxValue - count)
            {
                return (first, first + count);
            }
        }

        return null;
    }

    private static (uint First, uint End)? Common((uint First, uint End)? users, (uint First, uint End)? groups)
    {
        if (users is null || groups is null) return null;
        uint first = Math.Max(users.Value.First, groups.Value.First);
        uint end = Math.Min(users.Value.End, groups.Value.End);
        return end > first && end - first >= Size ? (first, end) : null;
    }
}
