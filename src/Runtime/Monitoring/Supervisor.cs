using System.Buffers.Binary;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using ContainerTools.Runtime.Networks;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// Looks after one container from its start to its end for good. A state machine over one <see cref="EventLoop"/>:
/// <code>
///   start ──▶ running ──▶ draining ──▶ resting ──▶ running …      (restart policy)
///     │                       └──────▶ tidying ──▶ end
///     └── failed ─────────────────────────▲
/// </code>
/// </summary>
internal sealed class Supervisor : IEventHandler, IDisposable
{
    // How long clients may go without reading anything before the end no longer waits for them.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    // So long after a start it is over for everybody, and what only it needed is given back; a short life is not burdened with it.
    private static readonly TimeSpan s_settled = TimeSpan.FromMilliseconds(250);

    private readonly MonitorServices _services;
    private readonly RunFolder _folder;
    private readonly SafeFileHandle? _signals;
    private readonly MonitorFootprint? _footprint;
    private readonly EventLoop _loop = new();
    private readonly JsonLogWriter? _log;
    private readonly ControlServer _clients;
    private readonly RestartBackoff _backoff = new();
    private readonly DateTimeOffset _createdAt = DateTimeOffset.UtcNow;
    private readonly ulong _ownStartTime = ProcessStat.StartTimeOf(Environment.ProcessId) ?? 0;
    private MonitorRecord _record;
    private ContainerRun? _run;
    private StopMarkWatch? _stopWatch;
    private ExitRecord? _exit;
    private bool _draining;
    private bool _asked;

    /// <summary>Reads monitor.json and makes the control socket.</summary>
    /// <param name="services">The rest of the runtime.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="client">A client that is connected already, or null.</param>
    /// <param name="signals">A signalfd for SIGTERM, or null.</param>
    /// <param name="footprint">Keeps the process small; null where it is somebody else's.</param>
    public Supervisor(MonitorServices services, RunFolder folder, SafeFileHandle? client, SafeFileHandle? signals, MonitorFootprint? footprint)
    {
        _services = services;
        _folder = folder;
        _signals = signals;
        _footprint = footprint;
        _record = folder.ReadRecord();
        _log = _record.LogPath is { } path ? new JsonLogWriter(path, _record.LogMaxSize, _record.LogMaxFiles) : null;
        _clients = new ControlServer(_loop, _log) { Changed = OnClientsChanged, Progress = OnClientProgress, ChangeNetwork = ChangeNetwork };
        _clients.Listen(folder.Socket);
        if (client is not null) _clients.Adopt(client);
        if (signals is not null) _loop.Add(signals, Libc.EPOLLIN, this);
    }

    /// <summary>Starts the container, reports, and supervises it until it has ended for good and all is tidied up.</summary>
    /// <param name="report">Is called once, when the container runs or could not be started.</param>
    /// <returns>The last exit code.</returns>
    public int Run(Action<MonitorReport> report)
    {
        try
        {
            Start();
            WriteState(RunStatus.Running);
            report(new MonitorReport { Status = "running", ProcessId = _run!.ProcessId });
        }
        catch (Exception error)
        {
            // Whatever it is, whoever waits for the report must hear of it, and nothing may be left behind.
            MonitorReport failure = MonitorFailure.Report(error);
            _exit = ExitOf(failure);
            Abandon();
            Tidy(() => report(failure));
            return _exit.ExitCode;
        }

        _loop.SetDeadline(s_settled, Settle);
        _loop.Run();
        Tidy(null);
        return _exit!.ExitCode;
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if (_signals is null || Libc.TakeSignal(_signals) == 0) return;
        // The machine goes down, or somebody wants the monitor to end: the container is asked to, and is not started again.
        _asked = true;
        if (_run is { ExitCode: null }) _run.SendSignal(_record.StopSignal);
        // It rests. While a run is drained, _exit is the end of the run before: EndRun replaces it and ends the loop.
        else if (_run is null && _exit is not null) _loop.Stop();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        StopWatching();
        _run?.Dispose();
        _clients.Dispose();
        _log?.Dispose();
        _loop.Dispose();
    }

    private void Start()
    {
        Oci.OciSpec spec = _folder.ReadSpec();
        _footprint?.BeforeLaunch();
        _run = ContainerRun.Start(_services, spec, _record.Id, _folder.Path, _record.Interactive, _loop, _clients, _log, OnProcessEnded);
        _footprint?.AfterLaunch();
    }

    private void Settle() => _footprint?.Settle();

    private void OnProcessEnded() => Drain();

    private void OnClientsChanged()
    {
        if (_run is null) return;
        if (_run.ExitCode is null && !_clients.IsHeld) _run.Resume();
        else if (_run.ExitCode is not null) Drain();
    }

    /// <summary>Makes the networks as the engine's new plan says, which is the plan of every later run then.</summary>
    private MonitorReport ChangeNetwork()
    {
        try
        {
            NetworkPlan next = NetworkPlanFormat.TryLoad(_folder.Path, NetworkPlan.NextFileName)
                ?? throw new ContainerException(ErrorCode.InvalidConfiguration, $"There is no {NetworkPlan.NextFileName} in the run folder.", _folder.Path);
            NetworkPlan? recorded = NetworkPlanFormat.TryLoad(_folder.Path);
            NetworkPlan? before = _run is { ExitCode: null } ? _run.Network : null;
            if (before is not null)
            {
                // Written in full before anything is changed: afterwards only a rename could fail, and that needs no room.
                next = next with { Ports = before.Ports };
                NetworkPlanFormat.Save(_folder.Path, next, NetworkPlan.NextFileName);
                _run!.ChangeNetwork(next);
            }

            string path = System.IO.Path.Combine(_folder.Path, NetworkPlan.FileName);
            int errno = Libc.TryRename(System.IO.Path.Combine(_folder.Path, NetworkPlan.NextFileName), path);
            if (errno != 0) throw Unchanged(KernelError.From("rename", errno, path), before);
            if (recorded is not null) ReleaseGone(recorded, next);
            return new MonitorReport { Status = "changed" };
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            return MonitorFailure.Report(error);
        }
    }

    /// <summary>Gives back what a plan no longer has: here, and not by who has asked, for he may be gone. Where he is there, he does it as well, and says why it fails.</summary>
    private static void ReleaseGone(NetworkPlan before, NetworkPlan next)
    {
        try
        {
            NetworkRelease.Release(before with { Endpoints = [.. before.Endpoints.Where(gone => !next.Endpoints.Any(stays => stays.Network == gone.Network))] });
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            // The networks are changed, and that is the answer. What is left of the address goes with the end of the container.
            System.Diagnostics.Trace.TraceWarning("An address could not be given back: {0}", error.Message);
        }
    }

    /// <summary>Makes the networks as they were, for what is not on record would be lost at the next start.</summary>
    private ContainerException Unchanged(ContainerException failure, NetworkPlan? before)
    {
        if (before is null) return failure;
        try
        {
            _run!.ChangeNetwork(before);
            return failure;
        }
        catch (ContainerException error)
        {
            return new ContainerException(failure.Code, $"{failure.Message}. The networks could not be made as they were: {error.Message}", failure.Target, failure);
        }
    }

    private void OnClientProgress()
    {
        if (_run is { ExitCode: not null }) _loop.SetDeadline(s_patience, OnPatienceOver);
    }

    private void OnPatienceOver()
    {
        // A client that is stopped or stuck must not keep the container's end from everybody else.
        _clients.DropPending();
        if (_run is not null) Drain();
    }

    /// <summary>The first process has ended: reads what it has left, as fast as clients that hold the output allow.</summary>
    private void Drain()
    {
        if (_draining || _run is null) return;
        _draining = true;
        bool drained = _run.Drain();
        _draining = false;
        if (drained) EndRun();
        else _loop.SetDeadline(s_patience, OnPatienceOver);
    }

    private void EndRun()
    {
        ContainerRun run = _run!;
        _run = null;
        // First of all: whatever goes wrong from here on, the exit code is known.
        _exit = new ExitRecord
        {
            ExitCode = run.ExitCode!.Value,
            StartedAt = run.StartedAt,
            FinishedAt = run.FinishedAt,
            OomKilled = run.OomKilled,
            RestartCount = _backoff.Count,
        };
        _log?.Finish(DateTime.UtcNow);
        Span<byte> exitCode = stackalloc byte[ControlFrame.ExitCodeSize];
        BinaryPrimitives.WriteInt32BigEndian(exitCode, _exit.ExitCode);
        _clients.SendExit(exitCode);
        run.Dispose();
        if (run.CleanupError is { } words) _exit = _exit with { Error = words };
        _record = CurrentRecord();
        TimeSpan? pause = _backoff.Next(_record.RestartCondition, _record.RestartMaximum, _exit.ExitCode, run.FinishedAt - run.StartedAt, _asked || _folder.IsStopped);
        if (pause is { } time) Rest(time);
        else _loop.Stop();
    }

    /// <summary>monitor.json as it is now, or as it was where it cannot be read any more.</summary>
    private MonitorRecord CurrentRecord()
    {
        try
        {
            return _folder.ReadRecord();
        }
        catch (ContainerException)
        {
            // Somebody has taken the run folder away; the end goes on record all the same.
            return _record;
        }
    }

    /// <summary>Waits before the next start, unless the user asks it to stop.</summary>
    private void Rest(TimeSpan pause)
    {
        try
        {
            WriteState(RunStatus.Restarting);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            // A state that nobody can see is none: it rests for good.
            _exit = _exit! with { Error = $"It was not started again: {error.Message}" };
            _loop.Stop();
            return;
        }

        _stopWatch = new StopMarkWatch(_loop, _folder, OnStopMark);
        _loop.SetDeadline(pause, Restart);
        // The mark may have been made before the watch.
        _stopWatch.Check();
    }

    private void OnStopMark()
    {
        StopWatching();
        _loop.ClearDeadline();
        _loop.Stop();
    }

    private void StopWatching()
    {
        _stopWatch?.Dispose();
        _stopWatch = null;
    }

    private void Restart()
    {
        StopWatching();
        // The deadline may have come before the watch was heard.
        if (_folder.IsStopped)
        {
            _loop.Stop();
            return;
        }

        try
        {
            _folder.ForgetPause();
            Start();
            WriteState(RunStatus.Running);
            // Whoever asked it to stop while the state still said that it rests had no process to signal, and waits for the end. What has
            // only just begun has nothing to finish, and may not heed another signal yet. One who makes the mark after this look reads the
            // state again and finds the process (StopOperation).
            if (_folder.IsStopped) _run!.SendSignal(Signal.SIGKILL);
            _loop.SetDeadline(s_settled, Settle);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            // As in Docker: what cannot be started is not tried again.
            _exit = ExitOf(MonitorFailure.Report(error));
            Abandon();
            _loop.Stop();
        }
    }

    /// <summary>A start that failed after the launch: the state could not be written.</summary>
    private void Abandon()
    {
        if (_run is null) return;
        _run.Abort();
        _run = null;
    }

    /// <summary>Writes how it ended, lets clients read what is left for them, and removes what the run has made.</summary>
    /// <param name="report">Is called when the end is on record, where the start has not been reported yet.</param>
    private void Tidy(Action? report)
    {
        MonitorRecord record = _record;
        ReadOnlySpan<byte> exit = ExitRecordFormat.Write(_exit!).Span;
        bool isOnRecord = TryWriteExit(record, exit);
        byte[] payload = new byte[ControlFrame.ExitCodeSize + exit.Length];
        BinaryPrimitives.WriteInt32BigEndian(payload, _exit!.ExitCode);
        exit.CopyTo(payload.AsSpan(ControlFrame.ExitCodeSize));
        _clients.SendExit(payload.AsSpan(0, ControlFrame.ExitCodeSize));
        _clients.SendEnd(payload);
        if (_clients.HasPending)
        {
            WriteState(RunStatus.Exited);
            Linger(() => _clients.HasPending);
        }

        // The folder goes before the last clients are taken in: nobody can connect after that and be left without an answer. Where the
        // end is not on record, the folder stays, with the exit code in state.json: the next command repairs it.
        if (isOnRecord)
        {
            ReleaseNetwork();
            _folder.Remove();
        }

        _clients.StopListening();
        if (_clients.HasUndecided) Linger(() => _clients.HasUndecided);
        report?.Invoke();
        if (record.AutoRemove) RemoveContainer(record);
    }

    // Addresses that cannot be given back are taken over by who needs them; the end must go on.
    private void ReleaseNetwork()
    {
        try
        {
            NetworkRelease.Run(_folder.Path);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            _exit = _exit! with { Error = _exit.Error ?? error.Message };
        }
    }

    private bool TryWriteExit(MonitorRecord record, ReadOnlySpan<byte> exit)
    {
        try
        {
            // What removes itself in a moment need not survive a loss of power.
            AtomicFile.Write(ExitFile(record), exit, durable: !record.AutoRemove);
            return true;
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(_folder.Path)) WriteState(RunStatus.Exited);
            return false;
        }
    }

    private void RemoveContainer(MonitorRecord record)
    {
        try
        {
            _services.RemoveContainer(record, _folder.Path);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            // The container stays, and says why.
            if (!Directory.Exists(record.ContainerFolder)) return;
            ExitRecord exit = _exit! with { Error = $"It could not be removed: {error.Message}" };
            AtomicFile.Write(ExitFile(record), ExitRecordFormat.Write(exit).Span, durable: false);
        }
    }

    private static string ExitFile(MonitorRecord record) => Path.Combine(record.ContainerFolder, "exit.json");

    private void Linger(Func<bool> condition)
    {
        _clients.Changed = () =>
        {
            if (!condition()) _loop.Stop();
        };
        _clients.Progress = () => _loop.SetDeadline(s_patience, _loop.Stop);
        _loop.SetDeadline(s_patience, _loop.Stop);
        _loop.Run();
        _loop.ClearDeadline();
    }

    private void WriteState(RunStatus status) => _folder.WriteState(new RunRecord
    {
        Id = _record.Id,
        Status = status,
        ProcessId = _run?.ProcessId ?? 0,
        ProcessStartTime = _run?.ProcessStartTime ?? 0,
        Bundle = _folder.Path,
        CgroupPath = _run?.CgroupPath,
        CreatedAt = _createdAt,
        MonitorProcessId = Environment.ProcessId,
        MonitorStartTime = _ownStartTime,
        BootId = BootId.Current,
        StartedAt = _run?.StartedAt ?? _exit?.StartedAt ?? default,
        RestartCount = _backoff.Count,
        ExitCode = _run is null ? _exit?.ExitCode : null,
    });

    private ExitRecord ExitOf(MonitorReport failure) => new()
    {
        ExitCode = failure.ExitCode!.Value,
        FinishedAt = DateTimeOffset.UtcNow,
        Error = failure.Message,
        RestartCount = _backoff.Count,
    };
}
