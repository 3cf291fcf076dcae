using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Reads where a container is in its life, from files and /proc and nothing else (the table of docs/design/state.md). Takes no
/// lock: whoever goes on to change something reads again under the lock.
/// </summary>
internal sealed class ContainerStateReader(EnginePaths paths)
{
    private readonly ConcurrentDictionary<string, (FileStatus Status, ExitRecord Exit)> _exits = new(StringComparer.Ordinal);

    /// <summary>Reads a container's state.</summary>
    /// <param name="id">The container.</param>
    /// <param name="hasRunFolder">Whether it has a run folder, where the caller knows.</param>
    public ContainerStatus Read(string id, bool? hasRunFolder = null)
    {
        ContainerFiles files = new(paths, id);
        if (hasRunFolder ?? Directory.Exists(files.RunFolder))
        {
            RunRecord? run = ReadDocument(files.State, RunJson.Default.RunRecord);
            if (run is not null)
            {
                if (IsAlive(run)) return OfRun(files, run);
                // The monitor removes the run folder before it ends. Look again: it may have ended between the two looks.
                if (Directory.Exists(files.RunFolder))
                {
                    ExitRecord? last = ReadExit(files);
                    return new ContainerStatus { State = ContainerState.Exited, Run = run, Exit = last, Defect = StatusDefect.MonitorLost };
                }
            }
            else if (Directory.Exists(files.RunFolder))
            {
                ExitRecord? last = ReadExit(files);
                return new ContainerStatus
                {
                    State = last is null ? ContainerState.Created : ContainerState.Exited,
                    Exit = last,
                    Defect = StatusDefect.StartUnfinished,
                };
            }
        }

        ExitRecord? exit = ReadExit(files);
        return new ContainerStatus { State = exit is null ? ContainerState.Created : ContainerState.Exited, Exit = exit };
    }

    /// <summary>The ids that have a run folder.</summary>
    public HashSet<string> RunFolders()
    {
        string folder = Path.Combine(paths.Run, "containers");
        HashSet<string> ids = new(StringComparer.Ordinal);
        if (!Directory.Exists(folder)) return ids;
        foreach (string path in Directory.EnumerateDirectories(folder)) ids.Add(Path.GetFileName(path));
        return ids;
    }

    /// <summary>Whether the process that looks after a run is there: the monitor, or the first process where there is no monitor.</summary>
    public static bool IsAlive(RunRecord run) => run.BootId == BootId.Current
        && (run.MonitorProcessId > 0
            ? ProcessStat.IsAlive(run.MonitorProcessId, run.MonitorStartTime)
            : ProcessStat.IsAlive(run.ProcessId, run.ProcessStartTime));

    /// <summary>Reads a JSON document; null when it is not there.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.StateCorrupt"/>.</exception>
    public static T? ReadDocument<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        byte[]? content = ReadFile(path);
        if (content is null) return null;
        try
        {
            return JsonSerializer.Deserialize(content, type)
                ?? throw new ContainerException(ErrorCode.StateCorrupt, $"{path} is empty.", path);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.StateCorrupt, $"{path} is damaged: {error.Message}", path, error);
        }
    }

    /// <summary>All bytes of a file; null when it is not there.</summary>
    public static byte[]? ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static ContainerStatus OfRun(ContainerFiles files, RunRecord run) => run.Status switch
    {
        RunStatus.Exited => new ContainerStatus
        {
            State = ContainerState.Exited,
            Run = run,
            Exit = ReadDocument(files.Exit, RunJson.Default.ExitRecord),
        },
        RunStatus.Restarting => new ContainerStatus { State = ContainerState.Restarting, Run = run },
        _ => OfMark(files, run),
    };

    // An empty mark is the user's pause; what is written in it, a command's own (PauseOperation.Freeze).
    private static ContainerStatus OfMark(ContainerFiles files, RunRecord run)
    {
        bool paused = Libc.TryStat(files.Paused, out FileStatus mark);
        return new ContainerStatus
        {
            State = paused ? ContainerState.Paused : ContainerState.Running,
            Run = run,
            Defect = paused && mark.Size > 0 ? StatusDefect.PauseUnfinished : StatusDefect.None,
        };
    }

    private ExitRecord? ReadExit(ContainerFiles files)
    {
        if (!Libc.TryStat(files.Exit, out FileStatus status))
        {
            _exits.TryRemove(files.Exit, out _);
            return null;
        }

        // Every write makes a new file: the same inode, size and time mean the same content.
        if (_exits.TryGetValue(files.Exit, out (FileStatus Status, ExitRecord Exit) known) && known.Status == status) return known.Exit;
        ExitRecord? exit = ReadDocument(files.Exit, RunJson.Default.ExitRecord);
        if (exit is not null) _exits[files.Exit] = (status, exit);
        return exit;
    }
}
