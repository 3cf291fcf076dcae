using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// The containers' folders: reads and writes container.json, finds a container by name, id or id prefix, and clears away what a
/// process that died while it made or removed a container has left.
/// </summary>
/// <param name="paths">Where the files are.</param>
/// <param name="removeLayer">Removes the writable layer from a container's folder, as its storage driver does it.</param>
/// <param name="removeVolume">Removes a volume that was made for a container, unless others have come to use it.</param>
internal sealed class ContainerStore(EnginePaths paths, Action<string> removeLayer, Action<string> removeVolume)
{
    /// <summary>The beginning of the name of a folder that is being removed; an id never begins so.</summary>
    public const string RemovingPrefix = ".removing-";

    private readonly ConcurrentDictionary<string, (FileStatus Status, ContainerRecord Record)> _records = new(StringComparer.Ordinal);

    /// <summary>Where the files are.</summary>
    public EnginePaths Paths { get; } = paths;

    /// <summary>The names.</summary>
    public ContainerNames Names { get; } = new(paths);

    /// <summary>The paths of one container's files.</summary>
    public ContainerFiles Files(string id) => new(Paths, id);

    /// <summary>Makes the engine's folders. Nobody else may enter them: an image's set-user-id programs would be the host's.</summary>
    public void EnsureFolders()
    {
        foreach (string folder in (ReadOnlySpan<string>)[Paths.Root, Paths.Containers, Paths.Names, Paths.Volumes, Path.Combine(Paths.Run, "containers")])
        {
            if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>
    /// All containers' records, in no order. Half-made and half-removed containers whose maker is dead are cleared away; a
    /// container whose record is damaged is in the list as <see cref="ContainerRecord.Damaged"/>.
    /// </summary>
    public IEnumerable<ContainerRecord> List()
    {
        if (!Directory.Exists(Paths.Containers)) yield break;
        foreach (string folder in Directory.EnumerateDirectories(Paths.Containers))
        {
            if (TryReadFolder(folder) is { } record) yield return record;
            else TryClearAbandoned(folder);
        }
    }

    /// <summary>All containers' records, as <see cref="List"/> has them, but without clearing anything away: takes no lock, for who holds one.</summary>
    public IEnumerable<ContainerRecord> Records()
        => Directory.Exists(Paths.Containers) ? Directory.EnumerateDirectories(Paths.Containers).Select(TryReadFolder).OfType<ContainerRecord>() : [];

    private ContainerRecord? TryReadFolder(string folder)
    {
        string id = Path.GetFileName(folder);
        if (id[0] == '.') return null;
        try
        {
            return TryRead(id);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.StateCorrupt)
        {
            return ContainerRecord.Damaged(id, error.Message);
        }
    }

    /// <summary>The id of the container that a name, an id or a unique beginning of an id means.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerIdAmbiguous"/>.</exception>
    public string Resolve(string container)
    {
        ArgumentNullException.ThrowIfNull(container);
        bool prefix = ContainerName.IsIdPrefix(container);
        if (prefix && container.Length == 64 && File.Exists(Files(container).Record)) return container;
        if (Names.IdOf(container) is { } owner && NameOf(owner) == container) return owner;
        if (prefix && Directory.Exists(Paths.Containers))
        {
            List<string> found = [];
            foreach (string folder in Directory.EnumerateDirectories(Paths.Containers, container + "*"))
            {
                if (File.Exists(Path.Combine(folder, "container.json"))) found.Add(Path.GetFileName(folder));
            }

            if (found.Count == 1) return found[0];
            if (found.Count > 1)
            {
                throw new ContainerException(
                    ErrorCode.ContainerIdAmbiguous, $"The ids of {found.Count} containers begin with '{container}'; give more digits.", container);
            }
        }

        throw NotFound(container);
    }

    /// <summary>The error of a container that is not there.</summary>
    public static ContainerException NotFound(string container) => new(
        ErrorCode.ContainerNotFound, $"There is no container with the name or id '{container}'.", container);

    /// <summary>A container's record; null when it is not there.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.StateCorrupt"/>.</exception>
    public ContainerRecord? TryRead(string id)
    {
        string path = Files(id).Record;
        if (!Libc.TryStat(path, out FileStatus status))
        {
            _records.TryRemove(id, out _);
            return null;
        }

        // Every write makes a new file: the same inode, size and time mean the same content.
        if (_records.TryGetValue(id, out (FileStatus Status, ContainerRecord Record) known) && known.Status == status) return known.Record;
        ContainerRecord? record = ContainerStateReader.ReadDocument(path, ContainerJson.Default.ContainerRecord);
        if (record is not null) _records[id] = (status, record);
        return record;
    }

    /// <summary>A container's record.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.StateCorrupt"/>.</exception>
    public ContainerRecord Read(string id) => TryRead(id) ?? throw NotFound(id);

    /// <summary>Writes a container's record; the caller holds its lock. Fields that a later version of the engine wrote are kept.</summary>
    public void Write(ContainerRecord record)
    {
        string path = Files(record.Id).Record;
        byte[] content;
        if (ContainerStateReader.ReadFile(path) is { } previous)
        {
            JsonObject next = JsonSerializer.SerializeToNode(record, ContainerJson.Default.ContainerRecord)!.AsObject();
            using JsonDocument old = JsonDocument.Parse(previous);
            UnknownFields.Carry(old.RootElement, next, ContainerJson.Default.ContainerRecord);
            content = JsonSerializer.SerializeToUtf8Bytes(next, ContainerJson.Default.JsonObject);
        }
        else
        {
            content = JsonSerializer.SerializeToUtf8Bytes(record, ContainerJson.Default.ContainerRecord);
        }

        AtomicFile.Write(path, content);
    }

    /// <summary>Takes a container's lock; throws when the container is gone.</summary>
    public async ValueTask<ContainerLock> LockAsync(string id, CancellationToken cancellationToken)
        => await ContainerLock.TakeAsync(Paths.Container(id), cancellationToken).ConfigureAwait(false) ?? throw NotFound(id);

    // A folder that cannot be removed, for a mount below it or a failing disk, must not keep the others from being listed. It is no container: nothing is
    // missing from the list, and the next listing tries again.
    private void TryClearAbandoned(string folder)
    {
        try
        {
            ClearAbandoned(folder);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning("{0} cannot be cleared away: {1}", folder, error.Message);
        }
    }

    /// <summary>Removes a folder whose maker or remover has died; leaves it alone while somebody holds its lock.</summary>
    private void ClearAbandoned(string folder)
    {
        using ContainerLock? held = ContainerLock.TryTake(folder);
        bool removing = Path.GetFileName(folder).StartsWith('.');
        if (held is null || (!removing && File.Exists(Path.Combine(folder, "container.json")))) return;
        ClearContent(folder);
        ContainerFolder.Delete(folder);
        Names.ReleaseAll(removing ? Path.GetFileName(folder)[RemovingPrefix.Length..] : Path.GetFileName(folder));
    }

    /// <summary>
    /// Removes a container that does not run; the caller holds its lock. The folder is renamed first, by which it is gone for every reader at
    /// once; what is left when this is interrupted, the next command that lists the containers clears away.
    /// </summary>
    /// <param name="id">The container.</param>
    /// <param name="names">Names that may have a link to it.</param>
    /// <param name="volumes">Volumes that go with it.</param>
    public void Remove(string id, IEnumerable<string> names, IReadOnlyList<string> volumes)
    {
        ContainerFiles files = Files(id);
        if (volumes.Count > 0) File.WriteAllLines(files.DoomedVolumes, volumes);
        else File.Delete(files.DoomedVolumes);
        ContainerFolder.Remove(files.Folder, null, ClearContent, () =>
        {
            foreach (string name in names) Names.Release(name, id);
        });
        if (Environment.IsPrivilegedProcess && !Directory.EnumerateFileSystemEntries(Paths.Containers).Any())
        {
            // The last one takes the engine's cgroup along. A start that comes in between makes it again.
            CgroupHost.Current.DeleteIfEmpty(ContainerServices.CgroupParent);
        }
    }

    // All that a container's folder has outside of it, or that its driver must remove.
    private void ClearContent(string folder)
    {
        removeLayer(folder);
        string volumes = Path.Combine(folder, ContainerFiles.DoomedVolumesName);
        if (!File.Exists(volumes)) return;
        foreach (string volume in File.ReadAllLines(volumes))
        {
            if (ContainerName.IsValid(volume)) removeVolume(volume);
        }
    }

    private string? NameOf(string id)
    {
        try
        {
            return TryRead(id)?.Name;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.StateCorrupt)
        {
            return null;
        }
    }
}
