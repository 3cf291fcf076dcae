using System.Globalization;
using System.Runtime.InteropServices;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Launch.Hooks;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// Starts processes in containers: compiles the plan, makes the process, does the launcher's half of the hand-shake
/// (<see cref="Interpreter"/> has the picture), and turns a failed step back into words. For ctrun only: the caller has one thread.
/// </summary>
internal static class Launcher
{
    private const ulong NewPid = 0x2000_0000;

    /// <summary>Starts a container's first process.</summary>
    /// <returns>The process, which has executed its program, or waits at the gate where there is one.</returns>
    /// <exception cref="ContainerException"><see cref="ErrorCode.CommandNotFound"/>, <see cref="ErrorCode.CommandNotExecutable"/>,
    /// <see cref="ErrorCode.LaunchFailed"/> with the step that failed, <see cref="ErrorCode.UserNotFound"/>,
    /// <see cref="ErrorCode.InvalidConfiguration"/>. Nothing is left behind, except what the caller made.</exception>
    public static LaunchedProcess Start(LaunchRequest request)
    {
        OciProcess process = request.Spec.Process ?? throw LaunchContext.Invalid("The configuration has no process.", "process");
        using LaunchPlan plan = new();
        using LaunchInputs inputs = new(request.Spec, request.Bundle);
        using Handshake handshake = new(request.GateFolder) { OnNamespaces = request.OnNamespaces, Meanwhile = request.Meanwhile };
        bool makesUserNamespace = (request.Spec.Linux?.Namespaces ?? []).Any(static item => item.Type == "user" && string.IsNullOrEmpty(item.Path));
        bool runsHooks = HookRunner.HasCreation(request.Spec.Hooks);
        handshake.Listener = ListenerOf(request.Spec, request.Id, request.Bundle, null);
        if (makesUserNamespace || runsHooks || handshake.Listener is not null) handshake.UseGo();
        if (runsHooks) handshake.Hooks = processId => HookRunner.RunCreation(request.Spec, StateOf(request.Spec, request.Id, request.Bundle, "creating", processId));
        if (process.Terminal) handshake.UseConsole();
        using CgroupEntry? entry = request.Cgroup?.OpenEntry();
        LaunchContext context = new(request.Spec, process, request.Bundle, inputs, plan)
        {
            PreservedDescriptors = request.PreservedDescriptors,
            DieWithParent = request.DieWithParent,
            KeptDescriptors = handshake.KeptDescriptors,
            CgroupViews = request.Cgroup?.Views ?? OwnViews(request.Spec),
            WaitsForHooks = runsHooks,
            Id = request.Id,
            MakesKeyring = true,
            KeepsKeyring = request.KeepsKeyring,
            MovesRoot = request.MovesRoot,
        };
        handshake.AddSlots(context);
        AddCgroup(context, entry);
        if (request.Network?.Wait() is { } network) context.Network = plan.NewSlot("network", network.DangerousGetHandle());
        using StreamCopies streams = new(context, request.StandardInput, request.StandardOutput, request.StandardError);
        LaunchCompiler.CompileStart(context);
        if (request.BrokenStep is { } broken) plan.Break(broken);

        bool forks = Namespaces.ForksFirst(request.Spec);
        using SafeFileHandle? ownPids = forks ? null : JoinPidNamespace(request.Spec, inputs, plan);
        NewProcess child = CloneAndReturn(plan, handshake.ReportNumber, entry?.Folder, ownPids);
        return handshake.Complete(child, plan, makesUserNamespace ? MapsOf(request.Spec) : null, streams.Owned, forks);
    }

    /// <summary>Starts a further process in a running container.</summary>
    /// <returns>The process, which has executed its program.</returns>
    /// <exception cref="ContainerException">As <see cref="Start"/>, and <see cref="ErrorCode.ContainerNotRunning"/>.</exception>
    public static LaunchedProcess Exec(ExecRequest request)
    {
        using LaunchPlan plan = new();
        using SafeFileHandle container = Libc.OpenProcess(request.ContainerProcessId)
            ?? throw new ContainerException(ErrorCode.ContainerNotRunning, "The container's first process has ended.", null);
        using SafeFileHandle root = Libc.Open(
            string.Create(CultureInfo.InvariantCulture, $"/proc/{request.ContainerProcessId}/root"), Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        // Compared after the descriptors are open: they belong to this process and no other.
        if (!ProcessStat.IsAlive(request.ContainerProcessId, request.ContainerStartTime))
        {
            throw new ContainerException(ErrorCode.ContainerNotRunning, "The container's first process has ended.", null);
        }

        using LaunchInputs inputs = new(request.Spec, "/") { RootFolder = root };
        using Handshake handshake = new(null);
        if (request.Process.Terminal) handshake.UseConsole();
        handshake.Listener = ListenerOf(request.Spec, request.Id, request.Bundle, request.ContainerProcessId);
        if (handshake.Listener is not null) handshake.UseGo();
        using CgroupEntry? entry = request.Cgroup?.OpenEntry();
        LaunchContext context = new(request.Spec, request.Process, "/", inputs, plan)
        {
            PreservedDescriptors = request.PreservedDescriptors,
            KeptDescriptors = handshake.KeptDescriptors,
            Program = request.Program,
            KeepsKeyring = request.KeepsKeyring,
            Id = request.Id,
        };
        handshake.AddSlots(context);
        AddCgroup(context, entry);
        using StreamCopies streams = new(context, request.StandardInput, request.StandardOutput, request.StandardError);
        context.Root = plan.NewSlot("root", root.DangerousGetHandle());
        ulong flags = 0;
        foreach (OciNamespace item in request.Spec.Linux?.Namespaces ?? []) flags |= Namespaces.FlagOf(item.Type);
        // Without privileges the pid namespace can only be joined from inside the user namespace that owns it; root of a user namespace could join it, but not come back.
        bool forks = Libc.IsRootless && (flags & NewPid) != 0;
        LaunchCompiler.CompileExec(context, plan.NewSlot("container", container.DangerousGetHandle()), forks ? flags : flags & ~NewPid, forks);
        if (request.BrokenStep is { } broken) plan.Break(broken);

        // A process cannot change its own pid namespace, only that of its future children: so the launcher joins, and goes back.
        using Affinity? affinity = Affinity.Take(request.Process.ExecCPUAffinity?.Initial);
        NewProcess child = CloneInto(plan, handshake.ReportNumber, (flags & NewPid) == 0 || forks ? null : container, entry?.Folder);
        return handshake.Complete(child, plan, null, streams.Owned);
    }

    /// <summary>The plan of a container's first process, as text; nothing is mounted or started.</summary>
    public static string Describe(LaunchRequest request)
    {
        OciProcess process = request.Spec.Process ?? throw LaunchContext.Invalid("The configuration has no process.", "process");
        using LaunchPlan plan = new() { KeepsArguments = true };
        using DescribedInputs inputs = new(request.Spec, request.Bundle);
        LaunchContext context = new(request.Spec, process, request.Bundle, inputs, plan)
        {
            DieWithParent = request.DieWithParent,
            CgroupViews = request.Cgroup?.Views ?? [],
            // The report pipe's number is known at the launch only; that it is spared has to show.
            KeptDescriptors = [10],
            WaitsForHooks = HookRunner.HasCreation(request.Spec.Hooks),
            Id = request.Id,
            MakesKeyring = true,
            KeepsKeyring = request.KeepsKeyring,
            MovesRoot = request.MovesRoot,
        };
        context.Report = plan.NewSlot("report");
        if (context.MakesNamespace("user") || context.WaitsForHooks || !string.IsNullOrEmpty(request.Spec.Linux?.Seccomp?.ListenerPath)) Handshake.PlanGo(context, plan.NewSlot("go"), plan.NewSlot("go-launcher"));
        if (process.Terminal) context.ConsoleSocket = plan.NewSlot("console");
        if (request.GateFolder is not null) context.Gate = plan.NewSlot("gate");
        if (EarlyNetwork.IsFor(request.Spec)) context.Network = plan.NewSlot("network");
        context.TaskFiles = [.. context.CgroupViews.Where(static view => view.FileSystem == "cgroup").Select(_ => plan.NewSlot("tasks"))];
        LaunchCompiler.CompileStart(context);
        return plan.ToString();
    }

    /// <summary>What sends the listener of a system call filter on; null where no agent waits for one.</summary>
    private static Action<SafeFileHandle, int>? ListenerOf(OciSpec spec, string id, string bundle, int? containerProcessId)
    {
        if (spec.Linux?.Seccomp is not { ListenerPath.Length: > 0 } profile) return null;
        return (listener, processId) => SeccompListener.Send(
            profile, listener, processId, StateOf(spec, id, bundle, containerProcessId is null ? "creating" : "running", containerProcessId ?? processId));
    }

    /// <summary>A container's state, for those who are told of it.</summary>
    public static OciState StateOf(OciSpec spec, string id, string bundle, string status, int processId) => new()
    {
        OciVersion = spec.OciVersion,
        Id = id,
        Status = status,
        Pid = processId,
        Bundle = bundle,
        Annotations = spec.Annotations,
    };

    /// <summary>Makes a process in the pid namespace of another, or in the launcher's own.</summary>
    internal static NewProcess CloneInto(LaunchPlan plan, int report, SafeFileHandle? pids, SafeFileHandle? cgroup = null)
    {
        using SafeFileHandle? own = pids is null ? null : JoinPids(pids);
        return CloneAndReturn(plan, report, cgroup, own);
    }

    // Back also where clone3 fails: hooks of the end may be run by this process yet, and they belong to its own pid namespace.
    private static NewProcess CloneAndReturn(LaunchPlan plan, int report, SafeFileHandle? cgroup, SafeFileHandle? own)
    {
        try
        {
            return NewProcess.Clone(plan, report, cgroup);
        }
        finally
        {
            LeavePidNamespace(own);
        }
    }

    private static IReadOnlyList<CgroupView> OwnViews(OciSpec spec)
    {
        foreach (OciMount mount in spec.Mounts ?? [])
        {
            if (mount.Type is "cgroup" or "cgroup2") return CgroupHost.Current.OwnViews();
        }

        return [];
    }

    private static void AddCgroup(LaunchContext context, CgroupEntry? entry)
    {
        if (entry is null) return;
        List<Slot> files = [];
        foreach (SafeFileHandle file in entry.TaskFiles) files.Add(context.Plan.NewSlot("tasks", file.DangerousGetHandle()));
        context.TaskFiles = files;
    }

    private static IdMaps MapsOf(OciSpec spec)
    {
        IReadOnlyList<OciIdMapping> users = spec.Linux?.UidMappings
            ?? throw LaunchContext.Invalid("The configuration has a user namespace but no uidMappings.", "uidMappings");
        return new IdMaps(users, spec.Linux.GidMappings ?? throw LaunchContext.Invalid("The configuration has a user namespace but no gidMappings.", "gidMappings"));
    }

    private static SafeFileHandle? JoinPidNamespace(OciSpec spec, LaunchInputs inputs, LaunchPlan plan)
    {
        foreach (OciNamespace item in spec.Linux?.Namespaces ?? [])
        {
            if (item.Type != "pid" || string.IsNullOrEmpty(item.Path)) continue;
            using SafeFileHandle target = Libc.Open(item.Path, Libc.O_RDONLY | Libc.O_CLOEXEC);
            return JoinPids(target);
        }

        return null;
    }

    private static SafeFileHandle JoinPids(SafeFileHandle target)
    {
        SafeFileHandle own = Libc.Open("/proc/self/ns/pid", Libc.O_RDONLY | Libc.O_CLOEXEC);
        try
        {
            Libc.JoinNamespace(target, NewPid, "the pid namespace");
            return own;
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    private static void LeavePidNamespace(SafeFileHandle? own)
    {
        // The runtime could not start another thread while its children belong to another pid namespace (clone(2), CLONE_THREAD).
        if (own is null) return;
        try
        {
            Libc.JoinNamespace(own, NewPid, "the launcher's own pid namespace");
        }
        catch (KernelException error) when (error.Errno == Errno.EPERM && Libc.IsRootless)
        {
            // Root of a user namespace has no right over the pid namespace outside: its further children belong to the container's.
        }
    }

    /// <summary>Copies of the streams that a plan redirects, all above 2 so that no dup3 overwrites the source of another.</summary>
    private sealed class StreamCopies : IDisposable
    {
        private readonly List<SafeFileHandle> copies = [];

        public StreamCopies(LaunchContext context, params ReadOnlySpan<SafeHandle?> streams)
        {
            if (context.ConsoleSocket is not null) return;
            for (int i = 0; i < streams.Length; i++)
            {
                if (streams[i] is not { } stream) continue;
                SafeFileHandle copy = Libc.DuplicateAboveStreams(stream);
                copies.Add(copy);
                context.Streams[i] = context.Plan.NewSlot(i switch { 0 => "stdin", 1 => "stdout", _ => "stderr" }, copy.DangerousGetHandle());
            }
        }

        public IReadOnlyList<SafeFileHandle> Owned => copies;

        public void Dispose()
        {
            foreach (SafeFileHandle copy in copies) copy.Dispose();
        }
    }
}
