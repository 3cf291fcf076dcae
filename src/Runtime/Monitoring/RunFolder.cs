using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>The files of one run, as its monitor reads and writes them (docs/design/state.md).</summary>
internal sealed class RunFolder
{
    /// <summary>The files of a run.</summary>
    /// <param name="path">The run folder.</param>
    public RunFolder(string path) => Path = System.IO.Path.GetFullPath(path);

    /// <summary>The run folder, absolute.</summary>
    public string Path { get; }

    /// <summary>The control socket's path.</summary>
    public string Socket => File("monitor.sock");

    /// <summary>The marker that the user has asked the container to stop.</summary>
    public bool IsStopped => Libc.TryStat(File("stopped"), out _);

    /// <summary>monitor.json: it is written again when the container is renamed or its restart policy changed.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public MonitorRecord ReadRecord() => Read(File("monitor.json"), MonitorRecordFormat.Read);

    /// <summary>config.json, read anew for every start: limits may have been changed since.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public OciSpec ReadSpec() => Read(File("config.json"), OciReader.ReadSpec);

    /// <summary>Replaces state.json.</summary>
    public void WriteState(RunRecord record)
        => AtomicFile.Write(File("state.json"), RunRecordFormat.Write(record).Span, durable: false);

    /// <summary>A new first process is not paused, whatever the one before was.</summary>
    public void ForgetPause() => Libc.TryUnlink(File("paused"));

    /// <summary>
    /// Removes the run folder with all that is in it; no error when it is gone already. It is renamed first, by which it is gone for every
    /// reader at once: none sees a half of it.
    /// </summary>
    /// <exception cref="ContainerException">It cannot be removed.</exception>
    public void Remove()
    {
        string doomed = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, ContainerStore.RemovingPrefix + System.IO.Path.GetFileName(Path));
        // What a removal that was interrupted has left would be in the way.
        ContainerFolder.Delete(doomed);
        int errno = Libc.TryRename(Path, doomed);
        // Somebody who repaired the container was faster.
        if (errno == Errno.ENOENT) return;
        if (errno != 0) throw KernelError.From("rename", errno, Path);
        ContainerFolder.Delete(doomed);
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);

    private delegate T Reader<T>(ReadOnlySpan<byte> document);

    private static T Read<T>(string path, Reader<T> read)
    {
        byte[] document = Libc.ReadWholeKernelFile(path, out int errno);
        if (errno != 0) throw new ContainerException(ErrorCode.InvalidConfiguration, KernelError.From("read", errno, path).Message, path);
        try
        {
            return read(document);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} is not valid: {error.Message}", path, error);
        }
    }
}
