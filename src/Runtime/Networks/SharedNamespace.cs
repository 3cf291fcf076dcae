using System.Globalization;
using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The network namespace of another container, as of its run at this moment: looked up at each start, so that a restart of the other is followed, and no process is ever
/// joined that has only got the number of one that ended.
/// </summary>
internal static class SharedNamespace
{
    /// <summary>Opens it.</summary>
    /// <param name="runFolder">The other container's run folder.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotRunning"/>.</exception>
    public static SafeFileHandle Open(string runFolder)
    {
        string path = Path.Combine(runFolder, "state.json");
        byte[] document = Libc.ReadWholeKernelFile(path, out int errno);
        if (errno == Errno.ENOENT) throw NotRunning(runFolder);
        if (errno != 0) throw KernelError.From("read", errno, path);
        RunRecord run;
        try
        {
            run = RunRecordFormat.Read(document);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} is not valid: {error.Message}", path, error);
        }

        if (run.ProcessId <= 0 || run.BootId != BootId.Current) throw NotRunning(runFolder);
        SafeFileHandle? file = Libc.TryOpen(string.Create(CultureInfo.InvariantCulture, $"/proc/{run.ProcessId}/ns/net"), Libc.O_RDONLY | Libc.O_CLOEXEC, 0, out errno);
        // Compared after opening: the process that has this number now had it then as well.
        if (file is not null && ProcessStat.IsAlive(run.ProcessId, run.ProcessStartTime)) return file;
        file?.Dispose();
        throw NotRunning(runFolder);
    }

    private static ContainerException NotRunning(string runFolder)
    {
        string id = Path.GetFileName(runFolder);
        return new ContainerException(ErrorCode.ContainerNotRunning, $"The container '{(id.Length > 12 ? id[..12] : id)}', whose network is to be shared, does not run.", id);
    }
}
