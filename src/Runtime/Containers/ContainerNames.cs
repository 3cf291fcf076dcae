using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// The names: one symbolic link each, whose text is the container's id. Making the link is what reserves a name; no reader
/// trusts a link alone, for a process that dies between two steps can leave one behind: a name is a container's when the
/// container's record says so too, or while somebody holds the container's lock (it is just being made or renamed).
/// </summary>
internal sealed class ContainerNames(EnginePaths paths)
{
    /// <summary>The link of a name.</summary>
    public string LinkOf(string name) => Path.Combine(paths.Names, name);

    /// <summary>The id that a name's link holds; null when there is no such link.</summary>
    public string? IdOf(string name) => ContainerName.IsValid(name) ? Libc.ReadLink(LinkOf(name)) : null;

    /// <summary>Reserves a name for a container whose lock the caller holds.</summary>
    /// <returns>False when another container has it.</returns>
    public bool TryReserve(string name, string id)
    {
        string link = LinkOf(name);
        if (Libc.TrySymlink(id, link)) return true;

        // Those who take over what a dead process left do so one after another; otherwise the second could remove the first one's link.
        using SafeFileHandle serial = Libc.Open(Path.Combine(paths.Names, ".lock"), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180 /* 0600 */);
        Libc.Lock(serial, paths.Names);
        try
        {
            if (Libc.ReadLink(link) is { } owner)
            {
                if (owner == id) return true;
                if (!IsAbandoned(name, owner)) return false;
                File.Delete(link);
            }

            return Libc.TrySymlink(id, link);
        }
        finally
        {
            Libc.Unlock(serial);
        }
    }

    /// <summary>Gives a name back, if the link is this container's.</summary>
    public void Release(string name, string id)
    {
        if (Libc.ReadLink(LinkOf(name)) == id) File.Delete(LinkOf(name));
    }

    /// <summary>Removes every link to a container, whatever its name; for one whose record cannot be read.</summary>
    public void ReleaseAll(string id)
    {
        foreach (string link in Directory.EnumerateFileSystemEntries(paths.Names))
        {
            if (Libc.ReadLink(link) == id) File.Delete(link);
        }
    }

    /// <summary>Makes the names survive a loss of power.</summary>
    public void Sync() => AtomicFile.SyncFolder(paths.Names);

    private bool IsAbandoned(string name, string owner)
    {
        if (!ContainerName.IsIdPrefix(owner)) return true;
        string folder = paths.Container(owner);
        if (!Directory.Exists(folder)) return true;
        using ContainerLock? held = ContainerLock.TryTake(folder);
        if (held is null) return !Directory.Exists(folder);
        ContainerRecord? record = ContainerStateReader.ReadDocument(new ContainerFiles(paths, owner).Record, ContainerJson.Default.ContainerRecord);
        return record is null || record.Name != name;
    }
}
