using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>
/// The folder of one run: state.json, a copy of config.json, the start gate. The lock is flock(2) on the folder itself, so it needs no
/// file and ends with the process that holds it.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private const string RecordName = "state.json";
    private const string ConfigurationName = "config.json";
    private const string UnitName = "systemd-unit";
    private const string HooksName = "hooks";

    private SafeFileHandle? _lock;
    private string? _preparedRecord;

    /// <summary>A folder, not locked.</summary>
    public RunFolder(string id, string path)
    {
        Id = id;
        FolderPath = path;
    }

    /// <summary>The container's id.</summary>
    public string Id { get; }

    /// <summary>Absolute path.</summary>
    public string FolderPath { get; }

    /// <summary>Locks a folder; waits for whoever holds it. Null when it is not there, or not any more.</summary>
    public static RunFolder? Lock(string id, string path) => Lock(id, path, wait: true, out _);

    /// <summary>Locks a folder if nobody holds it. Null when it is not there, or <paramref name="held"/>.</summary>
    public static RunFolder? TryLock(string id, string path, out bool held) => Lock(id, path, wait: false, out held);

    private static RunFolder? Lock(string id, string path, bool wait, out bool held)
    {
        held = false;
        while (true)
        {
            SafeFileHandle? handle = Libc.TryOpen(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0, out int errno);
            if (handle is null) return errno == Errno.ENOENT || errno == Errno.ENOTDIR ? null : throw KernelError.From("open", errno, path);
            if (wait)
            {
                Libc.Lock(handle, path);
            }
            else if (!Libc.TryLock(handle, path))
            {
                handle.Dispose();
                held = true;
                return null;
            }

            // Who held the lock may have removed the folder, and somebody may have made a new one.
            FileStatus locked = Libc.Stat(handle);
            if (Libc.TryStat(path, out FileStatus present) && present.Inode == locked.Inode) return new RunFolder(id, path) { _lock = handle };
            handle.Dispose();
        }
    }

    /// <summary>Reads state.json; null when it has not been written, that is while the run is being created.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.StateCorrupt"/>.</exception>
    public RunRecord? TryReadRecord()
    {
        string path = Path.Combine(FolderPath, RecordName);
        byte[]? content = TryRead(path);
        if (content is null) return null;
        try
        {
            return RunRecordFormat.Read(content);
        }
        catch (JsonException error)
        {
            throw Corrupt(path, error);
        }
    }

    /// <summary>Reads state.json.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/> when the run is not there or not complete.</exception>
    public RunRecord ReadRecord() => TryReadRecord()
        ?? throw new ContainerException(
            ErrorCode.ContainerNotFound, $"The container '{Id}' is not complete: its creation is under way, or died; 'ctrun delete --force' removes what is left.", Id);

    /// <summary>Writes state.json by rename.</summary>
    public void WriteRecord(RunRecord record)
        => AtomicFile.Write(Path.Combine(FolderPath, RecordName), RunRecordFormat.Write(record).Span, durable: false);

    /// <summary>Writes what is to be state.json beside it: <see cref="PutRecord"/> makes it that.</summary>
    public void PrepareRecord(RunRecord record)
        => _preparedRecord = AtomicFile.Prepare(Path.Combine(FolderPath, RecordName), RunRecordFormat.Write(record).Span, durable: false);

    /// <summary>Makes the prepared record state.json.</summary>
    public void PutRecord()
        => AtomicFile.Put(_preparedRecord ?? throw new InvalidOperationException("There is no prepared record."), Path.Combine(FolderPath, RecordName), durable: false);

    /// <summary>Reads the run's copy of config.json; null when it has not been written.</summary>
    public OciSpec? TryReadSpec()
    {
        string path = Path.Combine(FolderPath, ConfigurationName);
        return TryRead(path) is { } content ? Bundle.Parse(content, path) : null;
    }

    /// <summary>Reads the run's copy of config.json.</summary>
    public OciSpec ReadSpec() => TryReadSpec() ?? throw Corrupt(Path.Combine(FolderPath, ConfigurationName), null);

    /// <summary>Leaves the mark that start and delete have hooks to run: others need not read the configuration to know.</summary>
    public void MarkHooks() => File.WriteAllBytes(Path.Combine(FolderPath, HooksName), []);

    /// <summary>The run's configuration if it has hooks that are to run after the creation; else null.</summary>
    public OciSpec? ReadSpecWithHooks() => Libc.TryStat(Path.Combine(FolderPath, HooksName), out _) ? ReadSpec() : null;

    /// <summary>Keeps a copy of config.json; the run does not depend on the bundle's any more.</summary>
    public void WriteConfiguration(ReadOnlySpan<byte> document)
    {
        // Not by rename: without state.json nobody reads it, but to remove what a dead creation has left.
        using SafeFileHandle file = Libc.Open(
            Path.Combine(FolderPath, ConfigurationName), Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_CLOEXEC, 0x180);
        for (ReadOnlySpan<byte> rest = document; rest.Length > 0;)
        {
            int written = Libc.Write(file, rest);
            if (written < 0) throw KernelError.From("write", -written, ConfigurationName);
            rest = rest[written..];
        }
    }

    /// <summary>Says that the cgroup is to be a unit of systemd, before systemd is asked for it.</summary>
    public void WriteUnit(SystemdUnitMark mark)
        => AtomicFile.Write(Path.Combine(FolderPath, UnitName), Encoding.UTF8.GetBytes($"{mark.Unit}\n{mark.CgroupPath}\n{mark.Token}\n"), durable: false);

    /// <summary>The unit of systemd that the cgroup is; null where the cgroup is made by this program alone.</summary>
    public SystemdUnitMark? ReadUnit()
        => TryRead(Path.Combine(FolderPath, UnitName)) is { } content && Encoding.UTF8.GetString(content).Split('\n') is [var unit, var path, var token, ""]
            ? new SystemdUnitMark(unit, path, token)
            : null;

    /// <summary>Removes the folder with all that is in it.</summary>
    public void Remove()
    {
        // The record goes first: without it a rest that could not be removed counts as a creation that died, and the next command removes it.
        int errno = Libc.TryUnlink(Path.Combine(FolderPath, RecordName));
        if (errno != 0 && errno != Errno.ENOENT) throw KernelError.From("unlink", errno, RecordName);
        Libc.TryUnlink(Path.Combine(FolderPath, ConfigurationName));
        errno = Libc.RemoveFolder(FolderPath);
        if (errno == 0) return;
        Directory.Delete(FolderPath, recursive: true);
    }

    /// <summary>Lets the lock go, also where a process that was made meanwhile has a copy of the descriptor.</summary>
    public void Dispose()
    {
        if (_lock is null) return;
        Libc.Unlock(_lock);
        _lock.Dispose();
        _lock = null;
    }

    private static byte[]? TryRead(string path)
    {
        byte[] content = Libc.ReadWholeKernelFile(path, out int errno);
        if (errno == 0) return content;
        return errno == Errno.ENOENT || errno == Errno.ENOTDIR ? null : throw KernelError.From("read", errno, path);
    }

    private static ContainerException Corrupt(string path, Exception? error)
        => new(ErrorCode.StateCorrupt, $"{path} is damaged; 'ctrun delete --force' removes the container.", path, error);
}
