using System.Diagnostics;
using System.Globalization;
using ContainerTools.Runtime.Cgroups.V2;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>A cgroup as the sum of its parts in all hierarchies of the machine.</summary>
internal sealed class Cgroup : ICgroup
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(60);

    private readonly CgroupHost _host;
    private readonly CgroupScope _scope;

    /// <summary>The part that always exists, and is asked for processes: v2 where there is one.</summary>
    private readonly Hierarchy _first;

    internal Cgroup(CgroupHost host, string path, CgroupScope scope)
    {
        _host = host;
        _scope = scope;
        Path = path;
        _first = host.Hierarchies.FirstOrDefault(hierarchy => !hierarchy.OnDemand) ?? host.Hierarchies[0];
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public bool Exists => First.Has("cgroup.procs");

    /// <inheritdoc/>
    public ulong? Identity => Libc.TryStat(First.Path, out FileStatus status) ? status.Inode : null;

    /// <inheritdoc/>
    public IReadOnlyList<CgroupView> Views
    {
        get
        {
            // A loop: Select behind Where is a generic virtual method, and the first of those in a process starts the type loader.
            List<CgroupView> views = new(_host.Hierarchies.Count);
            foreach (Hierarchy hierarchy in _host.Hierarchies)
                if (_scope == CgroupScope.Full || !hierarchy.OnDemand) views.Add(hierarchy.View(Path, _host.Root));
            return views;
        }
    }

    /// <inheritdoc/>
    public bool IsFrozen => _host is { Freezer: { } freezer, FreezerHierarchy: { } hierarchy } && freezer.IsFrozen(hierarchy.Folder(Path));

    /// <inheritdoc/>
    public long? MemoryUsage
    {
        get
        {
            foreach (Hierarchy hierarchy in _host.Hierarchies)
            {
                if (!HasController(hierarchy, "memory")) continue;
                return hierarchy.Folder(Path).ReadNumber(hierarchy is V2Hierarchy ? "memory.current" : "memory.usage_in_bytes");
            }

            return null;
        }
    }

    /// <inheritdoc/>
    public long OomKillCount
    {
        get
        {
            foreach (Hierarchy hierarchy in _host.Hierarchies)
            {
                if (!HasController(hierarchy, "memory")) continue;
                return hierarchy.Folder(Path).ReadKey(hierarchy is V2Hierarchy ? "memory.events" : "memory.oom_control", "oom_kill"u8) ?? 0;
            }

            return 0;
        }
    }

    private CgroupFolder First => _first.Folder(Path);

    /// <inheritdoc/>
    public void Create()
    {
        foreach (Hierarchy hierarchy in _host.Hierarchies)
            if (_scope == CgroupScope.Full || !hierarchy.OnDemand) hierarchy.Create(Path, _scope);
    }

    /// <inheritdoc/>
    public void Apply(OciResources resources)
    {
        _host.Require(resources);
        foreach (Hierarchy hierarchy in _host.Hierarchies)
        {
            bool concerned = hierarchy.Concerns(resources) || (hierarchy is V2Hierarchy && resources.Unified is { Count: > 0 });
            if (!concerned) continue;
            if (hierarchy.OnDemand && _scope != CgroupScope.Full) CreateOnDemand(hierarchy);
            hierarchy.Apply(Path, resources);
        }
    }

    /// <inheritdoc/>
    public CgroupEntry OpenEntry()
    {
        var tasks = new List<SafeFileHandle>(_host.Hierarchies.Count);
        SafeFileHandle? folder = null;
        try
        {
            foreach (Hierarchy hierarchy in _host.Hierarchies)
            {
                CgroupFolder part = hierarchy.Folder(Path);
                if (hierarchy is V2Hierarchy)
                {
                    folder = Libc.Open(part.Path, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
                    continue;
                }

                SafeFileHandle? file = Libc.TryOpen(part.PathOf("tasks"), Libc.O_WRONLY | Libc.O_CLOEXEC, 0, out int errno);
                if (file is not null) tasks.Add(file);
                else if (errno != Errno.ENOENT || !hierarchy.OnDemand) throw KernelError.From("open", errno, part.PathOf("tasks"));
            }

            return new CgroupEntry { Folder = folder, TaskFiles = tasks };
        }
        catch
        {
            folder?.Dispose();
            foreach (SafeFileHandle file in tasks) file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Attach(int processId)
    {
        foreach (Hierarchy hierarchy in _host.Hierarchies) AttachTo(hierarchy, processId);
    }

    /// <inheritdoc/>
    public void Freeze()
    {
        if (_host is not { Freezer: { } freezer, FreezerHierarchy: { } hierarchy })
            throw new ContainerException(ErrorCode.NotSupported, $"The container cannot be paused: {_host.UnsupportedReason("freezer")}.", Path);
        freezer.Freeze(hierarchy.Folder(Path));
    }

    /// <inheritdoc/>
    public void Thaw()
    {
        if (_host is { Freezer: { } freezer, FreezerHierarchy: { } hierarchy }) freezer.Thaw(hierarchy.Folder(Path));
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Processes() => ProcessList.Read(First, recursive: true);

    /// <inheritdoc/>
    public void Kill()
    {
        if (_first is V2Hierarchy)
        {
            // One write kills all, those just being forked and frozen ones too (Linux 5.14).
            int errno = First.TryWrite("cgroup.kill", 1);
            if (errno == Errno.ENODEV) return;
            if (errno == 0)
            {
                if (!_first.WaitEmpty(First, KillPatience)) throw Undead(Processes());
                return;
            }

            if (errno != Errno.ENOENT) throw First.Refused("cgroup.kill", "1", errno);
        }

        KillOneByOne();
    }

    /// <inheritdoc/>
    public void Delete()
    {
        // The last part first: if one cannot be removed, the first one is still there and the cgroup counts as existing.
        for (int i = _host.Hierarchies.Count - 1; i >= 0; i--) CgroupRemoval.Remove(_host.Hierarchies[i], _host.Hierarchies[i].Folder(Path));
    }

    /// <inheritdoc/>
    public ContainerLimit ReadLimit()
    {
        var reading = new LimitReading();
        foreach (Hierarchy hierarchy in _host.Hierarchies)
        {
            CgroupFolder folder = hierarchy.Folder(Path);
            foreach (CgroupController controller in hierarchy.Controllers) controller.Read(folder, reading);
        }

        return reading.ToLimit();
    }

    private static bool HasController(Hierarchy hierarchy, string name)
    {
        foreach (CgroupController controller in hierarchy.Controllers)
            if (controller.Name == name) return true;
        return false;
    }

    /// <summary>
    /// Without cgroup.kill. The first round needs no freezing, for most containers fork nothing at that moment; from the second on they are
    /// frozen first, so that none can be forked between the listing and the signal. v1's frozen processes die only when thawed.
    /// </summary>
    private void KillOneByOne()
    {
        var elapsed = Stopwatch.StartNew();
        for (bool first = true; ; first = false)
        {
            if (!first && _host.Freezer is not null && Exists) Freeze();
            IReadOnlyList<int> killed;
            try
            {
                killed = CgroupKill.SignalAll(First);
            }
            finally
            {
                Thaw();
            }

            if (killed.Count == 0) return;
            TimeSpan left = KillPatience - elapsed.Elapsed;
            if (left <= TimeSpan.Zero || !CgroupKill.Wait(killed, left)) throw Undead(killed);
        }
    }

    private ContainerException Undead(IReadOnlyList<int> processes) => new(
        ErrorCode.Timeout,
        $"SIGKILL has not ended the processes {string.Join(", ", processes.Take(10).Select(id => id.ToString(CultureInfo.InvariantCulture)))} of {Path}: "
        + "they are in system calls that cannot be interrupted (a device or file server does not answer).",
        Path);

    /// <summary>Makes a part that a lean container has done without, and moves the processes that run already.</summary>
    private void CreateOnDemand(Hierarchy hierarchy)
    {
        if (!hierarchy.Create(Path, _scope)) return;
        // Those forked by a process that has not been moved yet appear in the next round; with all parents moved, none can appear.
        var moved = new HashSet<int>();
        bool again;
        do
        {
            again = false;
            foreach (int process in Processes())
            {
                if (!moved.Add(process)) continue;
                AttachTo(hierarchy, process);
                again = true;
            }
        }
        while (again);
    }

    private void AttachTo(Hierarchy hierarchy, int processId)
    {
        CgroupFolder folder = hierarchy.Folder(Path);
        int errno = folder.TryWrite("cgroup.procs", processId);
        // ESRCH: it has ended. ENOENT: a lean container has no part here.
        if (errno == 0 || errno == Errno.ESRCH || (errno == Errno.ENOENT && hierarchy.OnDemand)) return;
        throw folder.Refused("cgroup.procs", processId.ToString(CultureInfo.InvariantCulture), errno);
    }
}
