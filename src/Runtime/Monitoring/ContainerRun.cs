using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using ContainerTools.Runtime.Networks;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>One life of the first process: its cgroup, its streams, its end. A restart makes a new one.</summary>
internal sealed class ContainerRun : IEventHandler, IDisposable
{
    private const int RemovalAttempts = 20;

    private readonly ControlServer _clients;
    private readonly Action _onEnded;
    private readonly ICgroup _cgroup;
    private readonly long _oomKillsBefore;
    private readonly LaunchedProcess _process;
    private readonly NetworkNamespace? _network;
    private readonly DnsServer? _resolver;
    private readonly EventLoop.Registration _registration;
    private readonly List<OutputPump> _pumps = [];

    private ContainerRun(Parts parts, EventLoop loop, ControlServer clients, JsonLogWriter? log, Action onEnded)
    {
        _clients = clients;
        _onEnded = onEnded;
        _cgroup = parts.Cgroup!;
        _oomKillsBefore = parts.OomKillsBefore;
        _process = parts.Process!;
        _network = parts.Network;
        StartedAt = DateTimeOffset.UtcNow;
        if (_network is { Resolver: var (datagrams, streams) }) _resolver = new DnsServer(loop, _network.Plan, datagrams, streams);
        _registration = loop.Add(_process.PidFd, Libc.EPOLLIN, this);
        if (_process.Terminal is { } terminal)
        {
            // Reading and writing have a descriptor each, because a file can be in an epoll only once.
            Libc.SetNonBlocking(terminal);
            _pumps.Add(new OutputPump(loop, OutputStream.StandardOutput, Libc.Duplicate(terminal), log, clients));
            if (parts.Interactive) clients.Input = new ContainerInput(loop, Libc.Duplicate(terminal), isTerminal: true);
            clients.Terminal = terminal;
        }
        else
        {
            _pumps.Add(new OutputPump(loop, OutputStream.StandardOutput, parts.Take(ref parts.Output), log, clients));
            _pumps.Add(new OutputPump(loop, OutputStream.StandardError, parts.Take(ref parts.Error), log, clients));
            if (parts.Input is not null) clients.Input = new ContainerInput(loop, parts.Take(ref parts.Input), isTerminal: false);
        }
    }

    /// <summary>When the first process was started.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The first process on the host.</summary>
    public int ProcessId => _process.ProcessId;

    /// <summary>Its start time in clock ticks since boot.</summary>
    public ulong ProcessStartTime => _process.StartTime;

    /// <summary>The path of its cgroup.</summary>
    public string CgroupPath => _cgroup.Path;

    /// <summary>How it ended; null while it runs.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset FinishedAt { get; private set; }

    /// <summary>Whether the kernel's out-of-memory killer has struck in its cgroup; asked after its end.</summary>
    public bool OomKilled { get; private set; }

    /// <summary>What could not be cleaned up after its end, in words; null when all could.</summary>
    public string? CleanupError { get; private set; }

    /// <summary>Makes the cgroup and the streams, and launches the first process.</summary>
    /// <param name="services">The rest of the runtime.</param>
    /// <param name="spec">The configuration.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="bundle">The bundle's folder.</param>
    /// <param name="interactive">Whether standard input is kept open for clients.</param>
    /// <param name="loop">Where its files are watched.</param>
    /// <param name="clients">Who may attach.</param>
    /// <param name="log">The log.</param>
    /// <param name="onEnded">Is called when the first process has ended.</param>
    /// <exception cref="ContainerException">As <see cref="MonitorServices.Launch"/>; nothing is left behind.</exception>
    public static ContainerRun Start(
        MonitorServices services, OciSpec spec, string id, string bundle, bool interactive, EventLoop loop, ControlServer clients, JsonLogWriter? log, Action onEnded)
    {
        using Parts parts = new() { Interactive = interactive };
        try
        {
            bool ownsNamespaces = (spec.Linux?.Namespaces ?? []).Any(static item => item.Type == "user");
            parts.Network = NetworkNamespace.Make(bundle, ownsNamespaces);
            if (parts.Network is { } network) spec = network.Join(spec);
            parts.Cgroup = services.CreateCgroup(spec, id);
            parts.OomKillsBefore = parts.Cgroup.OomKillCount;
            parts.Process = Launch(services, spec, bundle, parts);
            return new ContainerRun(parts, loop, clients, log, onEnded);
        }
        catch
        {
            Kill(parts.Process, parts.Cgroup);
            parts.Process?.Dispose();
            parts.Network?.Dispose();
            if (parts.Cgroup is not null) Remove(parts.Cgroup);
            throw;
        }
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        if (Libc.TryReap(_process.PidFd) is not { } end) return;
        ExitCode = end.ExitCode;
        FinishedAt = DateTimeOffset.UtcNow;
        _registration.Dispose();
        // Without a pid namespace of its own it may have left children. They go before its pipes are drained, so that what they have
        // written is there as well.
        CleanUp(() =>
        {
            _cgroup.Kill();
            OomKilled = _cgroup.OomKillCount > _oomKillsBefore;
        });
        _onEnded();
    }

    /// <summary>Sends a signal to the first process, if it has not ended.</summary>
    public void SendSignal(int signal)
    {
        if (ExitCode is null) Libc.SendSignal(_process.PidFd, signal);
    }

    /// <summary>The plan in force, with the ports that have been chosen.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NetworkNotConnectable"/>.</exception>
    public NetworkPlan Network => _network?.Plan ?? throw new ContainerException(ErrorCode.NetworkNotConnectable, "The container has no network of its own.", null);

    /// <summary>Makes the networks as a plan says, which the container has not been told of: programs see devices come and go.</summary>
    /// <exception cref="ContainerException">Everything is as it was.</exception>
    public void ChangeNetwork(NetworkPlan next)
    {
        if (_network is null) throw new ContainerException(ErrorCode.NetworkNotConnectable, "The container has no network of its own.", next.Id);
        _network.Change(next);
        _resolver!.Plan = _network.Plan;
    }

    /// <summary>Kills it and removes what it has made: its start has failed after the launch.</summary>
    public void Abort()
    {
        CleanUp(() => Kill(_process, _cgroup));
        Dispose();
    }

    /// <summary>Reads the output that is left after the end; false when a client has to read first.</summary>
    public bool Drain()
    {
        foreach (OutputPump pump in _pumps)
        {
            if (!pump.Drain()) return false;
        }

        return true;
    }

    /// <summary>Goes on reading output that had to wait for a client.</summary>
    public void Resume()
    {
        foreach (OutputPump pump in _pumps) pump.Resume();
    }

    /// <summary>
    /// Closes the streams and removes the cgroup. The first process has ended. Where the cgroup cannot be removed, <see cref="CleanupError"/> says so.
    /// </summary>
    public void Dispose()
    {
        foreach (OutputPump pump in _pumps) pump.Dispose();
        _clients.Input?.Dispose();
        _clients.Input = null;
        _clients.Terminal = null;
        _registration.Dispose();
        _process.Dispose();
        _resolver?.Dispose();
        if (_network is not null) CleanUp(_network.Dispose);
        CleanUp(() => Remove(_cgroup));
    }

    /// <summary>How the first process ended is known, and what goes wrong afterwards must not take it away: that is put into words.</summary>
    private void CleanUp(Action action)
    {
        try
        {
            action();
        }
        catch (ContainerException error)
        {
            CleanupError = CleanupError is null ? error.Message : $"{CleanupError} {error.Message}";
        }
    }

    private static void Kill(LaunchedProcess? process, ICgroup? cgroup)
    {
        if (process is not null) Libc.SendSignal(process.PidFd, Signal.SIGKILL);
        cgroup?.Kill();
        if (process is not null) Libc.WaitForExit(process.PidFd);
    }

    private static void Remove(ICgroup cgroup)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                cgroup.Delete();
                return;
            }
            catch (KernelException error) when (error.Errno == Errno.EBUSY && attempt < RemovalAttempts)
            {
                // A command that was being executed in the container at this moment has got in after the others were killed.
                cgroup.Kill();
            }
        }
    }

    private static LaunchedProcess Launch(MonitorServices services, OciSpec spec, string bundle, Parts parts)
    {
        SafeFileHandle? input = null, output = null, error = null;
        try
        {
            if (spec.Process is not { Terminal: true })
            {
                (parts.Output, output) = Libc.CreatePipe();
                (parts.Error, error) = Libc.CreatePipe();
                Libc.SetNonBlocking(parts.Output);
                Libc.SetNonBlocking(parts.Error);
                if (parts.Interactive)
                {
                    (input, parts.Input) = Libc.CreatePipe();
                    Libc.SetNonBlocking(parts.Input);
                }
                else
                {
                    input = Libc.Open("/dev/null", Libc.O_RDONLY | Libc.O_CLOEXEC);
                }
            }

            return services.Launch(new LaunchRequest
            {
                Spec = spec,
                Bundle = bundle,
                Cgroup = parts.Cgroup,
                StandardInput = input,
                StandardOutput = output,
                StandardError = error,
                DieWithParent = true,
                OnNamespaces = parts.Network is { IsMade: false } network ? processId => network.Fill(processId) : null,
            });
        }
        finally
        {
            // The container has copies of its own; these would keep the pipes open after its end.
            input?.Dispose();
            output?.Dispose();
            error?.Dispose();
        }
    }

    /// <summary>What a start has made so far: closed if it does not succeed.</summary>
    private sealed class Parts : IDisposable
    {
        public SafeFileHandle? Input;
        public SafeFileHandle? Output;
        public SafeFileHandle? Error;

        public bool Interactive { get; init; }

        public ICgroup? Cgroup { get; set; }

        public long OomKillsBefore { get; set; }

        public LaunchedProcess? Process { get; set; }

        public NetworkNamespace? Network { get; set; }

        public SafeFileHandle Take(ref SafeFileHandle? handle)
        {
            SafeFileHandle taken = handle!;
            handle = null;
            return taken;
        }

        public void Dispose()
        {
            Input?.Dispose();
            Output?.Dispose();
            Error?.Dispose();
        }
    }
}
