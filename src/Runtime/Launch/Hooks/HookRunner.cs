using System.Globalization;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch.Hooks;

/// <summary>
/// Runs hooks (config.md, POSIX-platform Hooks; runtime.md, Lifecycle). No hook runs in the container's first process, which only ever walks its plan:
/// those of the runtime's namespace are processes with a small plan of their own, <c>createContainer</c> is one that joins the container's namespaces
/// while the host's file systems are still in sight there, and <c>startContainer</c> is an ordinary process executed in the container before the gate opens.
/// </summary>
internal static class HookRunner
{
    private const ulong NewPid = 0x2000_0000;

    /// <summary>Whether there is a hook of any kind.</summary>
    public static bool HasAny(OciHooks? hooks) => hooks is not null
        && (HasCreation(hooks) || HasStart(hooks) || hooks.Poststart is { Count: > 0 } || hooks.Poststop is { Count: > 0 });

    /// <summary>Throws where a hook can never be run: before anything is made, not when its turn comes.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public static void Check(OciHooks? hooks)
    {
        if (hooks is null) return;
        Check(hooks.Prestart, "prestart");
        Check(hooks.CreateRuntime, "createRuntime");
        Check(hooks.CreateContainer, "createContainer");
        Check(hooks.StartContainer, "startContainer");
        Check(hooks.Poststart, "poststart");
        Check(hooks.Poststop, "poststop");
    }

    private static void Check(IReadOnlyList<OciHook>? hooks, string kind)
    {
        for (int i = 0; i < (hooks?.Count ?? 0); i++) HookProcess.Check(hooks![i], string.Create(CultureInfo.InvariantCulture, $"{kind} hook #{i}"));
    }

    /// <summary>Whether there is a hook for which the first process has to wait before pivot_root.</summary>
    public static bool HasCreation(OciHooks? hooks)
        => hooks is { Prestart.Count: > 0 } or { CreateRuntime.Count: > 0 } or { CreateContainer.Count: > 0 };

    /// <summary>Whether there is a hook between <c>start</c> and the user's program.</summary>
    public static bool HasStart(OciHooks? hooks) => hooks is { StartContainer.Count: > 0 };

    /// <summary>The hooks of the creation, in their order, while the first process waits before pivot_root.</summary>
    public static void RunCreation(OciSpec spec, OciState state)
    {
        OciHooks hooks = spec.Hooks!;
        // The specification that had no others (1.0) called the container created by then, and crun and the validation programs go by it.
        RunOutside(hooks.Prestart, "prestart", state with { Status = "created" });
        RunOutside(hooks.CreateRuntime, "createRuntime", state);
        OciState inside = hooks.CreateContainer is { Count: > 0 } ? state with { Pid = PidInside(state.Pid) } : state;
        Each(hooks.CreateContainer, "createContainer", (hook, name) => RunBeforePivot(spec, hook, name, state.Pid, inside));
    }

    /// <summary>The hooks inside the container, before the gate opens. They run as the user's program would: same user, rights and filter.</summary>
    public static void RunStartContainer(OciSpec spec, OciState state, ExecRequest like)
    {
        OciState inside = state with { Pid = PidInside(state.Pid) };
        Each(spec.Hooks?.StartContainer, "startContainer", (hook, name) =>
        {
            using HookProcess run = new(hook, name, inside);
            OciProcess process = spec.Process! with
            {
                Args = Arguments(hook),
                // Without an environment of its own a hook gets the process's, as engines have come to expect.
                Env = hook.Env is { Count: > 0 } ? hook.Env : spec.Process.Env,
                Terminal = false,
            };
            Complete(run, () => Launcher.Exec(like with
            {
                Process = process,
                Program = hook.Path,
                StandardInput = run.Input,
                StandardOutput = run.Output,
                StandardError = run.Output,
            }));
        });
    }

    /// <summary>
    /// The hooks after the start. Up to version 1.2 of the specification a failure is a warning, and the others run all the same; from 1.3 on the first that fails is
    /// the end of it (runtime.md, Lifecycle).
    /// </summary>
    public static void RunPoststart(OciHooks? hooks, OciState state, Action<string> warn)
    {
        if (FailsAfterStart(state.OciVersion)) RunOutside(hooks?.Poststart, "poststart", state);
        else RunAll(hooks?.Poststart, "poststart", state, warn);
    }

    private static bool FailsAfterStart(string version)
    {
        string[] parts = version.Split('.');
        return parts.Length < 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out int major) || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out int minor)
            || major > 1 || (major == 1 && minor >= 3);
    }

    /// <summary>The hooks after the removal: a failure is a warning, and the others run all the same.</summary>
    public static void RunPoststop(OciHooks? hooks, OciState state, Action<string> warn) => RunAll(hooks?.Poststop, "poststop", state, warn);

    private static void RunAll(IReadOnlyList<OciHook>? hooks, string kind, OciState state, Action<string> warn)
    {
        for (int i = 0; i < (hooks?.Count ?? 0); i++)
        {
            try
            {
                RunOne(hooks![i], Name(kind, i), state);
            }
            catch (ContainerException error)
            {
                warn(error.Message);
            }
        }
    }

    /// <summary>The plan of a hook in the runtime's namespace.</summary>
    public static void Compile(LaunchPlan plan, OciHook hook, Slot input, Slot output, int report, string folder)
    {
        Begin(plan, input, output);
        plan.Call(SystemCall.Chdir, "enter", folder, plan.Text(folder));
        End(plan, hook, report);
    }

    /// <summary>The plan of a hook in the container's namespaces, with the host's file systems as they are to be seen there before pivot_root.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="hook">The hook.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="output">Its standard output and error.</param>
    /// <param name="report">The report pipe.</param>
    /// <param name="place">The container's first process, its root and its working folder.</param>
    /// <param name="flags">Which namespaces, CLONE_NEW….</param>
    /// <param name="forks">Whether the pid namespace is joined here, instead of by the launcher, and entered by a child.</param>
    public static void CompileInside(LaunchPlan plan, OciHook hook, Slot input, Slot output, int report, HookPlace place, ulong flags, bool forks = false)
    {
        Begin(plan, input, output);
        LaunchCompiler.Hide(plan);
        plan.Section("config.md#createcontainer-hooks");
        plan.Call(SystemCall.Setns, "join", "the container's namespaces", place.Process, PlanArgument.Flags((long)flags, "the container's"));
        if (forks) plan.Fork(plan.NewSlot("report", report));
        if ((flags & Namespaces.NewUser) != 0) Namespaces.BecomeRoot(plan);
        // Joining a mount namespace means its root, which the container's covers already where it is mounted on "/"; the first process still has the host's.
        plan.Call(SystemCall.Fchdir, "enter", "the host's root", place.Root);
        plan.Call(SystemCall.Chroot, "enter", "the host's root", plan.Text("."));
        plan.Call(SystemCall.Fchdir, "enter", "the root file system", place.Folder);
        End(plan, hook, report);
    }

    private static void RunOutside(IReadOnlyList<OciHook>? hooks, string kind, OciState state) => Each(hooks, kind, (hook, name) => RunOne(hook, name, state));

    private static void RunOne(OciHook hook, string name, OciState state)
    {
        using HookProcess run = new(hook, name, state);
        string folder = Directory.Exists(state.Bundle) ? state.Bundle : "/";
        Launch(run, null, (plan, input, output, report) => Compile(plan, hook, input, output, report, folder));
    }

    private static void RunBeforePivot(OciSpec spec, OciHook hook, string name, int processId, OciState state)
    {
        using HookProcess run = new(hook, name, state);
        using SafeFileHandle process = Libc.OpenProcess(processId)
            ?? throw new ContainerException(ErrorCode.LaunchFailed, "The container's first process ended while its hooks ran.", null);
        using SafeFileHandle root = OpenOf(processId, "root"), folder = OpenOf(processId, "cwd");
        ulong flags = 0;
        foreach (OciNamespace space in spec.Linux?.Namespaces ?? []) flags |= Namespaces.FlagOf(space.Type);
        // As with a process that is executed: without privileges the pid namespace is joined from inside the user namespace.
        bool forks = !Environment.IsPrivilegedProcess && (flags & NewPid) != 0;
        Launch(run, (flags & NewPid) == 0 || forks ? null : process, (plan, input, output, report) => CompileInside(
            plan, hook, input, output, report,
            new HookPlace(
                plan.NewSlot("container", process.DangerousGetHandle()), plan.NewSlot("host-root", root.DangerousGetHandle()),
                plan.NewSlot("rootfs", folder.DangerousGetHandle())),
            forks ? flags : flags & ~NewPid, forks));
    }

    private delegate void Compiler(LaunchPlan plan, Slot input, Slot output, int report);

    private static void Launch(HookProcess run, SafeFileHandle? pids, Compiler compile)
    {
        using LaunchPlan plan = new();
        using Handshake handshake = new(null);
        // Above the streams, so that none is overwritten by the redirection of another.
        using SafeFileHandle input = Libc.DuplicateAboveStreams(run.Input), output = Libc.DuplicateAboveStreams(run.Output);
        compile(plan, plan.NewSlot("state", input.DangerousGetHandle()), plan.NewSlot("output", output.DangerousGetHandle()), handshake.ReportNumber);
        Complete(run, () => handshake.Complete(Launcher.CloneInto(plan, handshake.ReportNumber, pids), plan, null, []));
    }

    private static void Complete(HookProcess run, Func<LaunchedProcess> launch)
    {
        LaunchedProcess process;
        try
        {
            process = launch();
        }
        catch (ContainerException error)
        {
            throw run.Failed(error);
        }

        using (process) run.Complete(process.PidFd);
    }

    private static void Begin(LaunchPlan plan, Slot input, Slot output)
    {
        plan.Section("config.md#posix-platform-hooks");
        plan.Call(SystemCall.Dup3, "redirect", "standard input", input, 0, 0);
        plan.Call(SystemCall.Dup3, "redirect", "standard output", output, 1, 0);
        plan.Call(SystemCall.Dup3, "redirect", "standard error", output, 2, 0);
    }

    private static void End(LaunchPlan plan, OciHook hook, int report)
    {
        Streams.ResetSignals(plan);
        Streams.CloseFrom(plan, 3, [report]);
        plan.Section("config.md#posix-platform-hooks");
        plan.Execute([hook.Path], Arguments(hook), hook.Env ?? OwnEnvironment());
    }

    /// <summary>Where the configuration says nothing of an environment, a hook has the runtime's, as with runc.</summary>
    private static List<string> OwnEnvironment()
    {
        List<string> own = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) own.Add($"{variable.Key}={variable.Value}");
        return own;
    }

    private static IReadOnlyList<string> Arguments(OciHook hook) => hook.Args is { Count: > 0 } ? hook.Args : [hook.Path];

    private static SafeFileHandle OpenOf(int processId, string what)
        => Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{what}"), Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);

    /// <summary>A process's id as its own pid namespace numbers it (proc_pid_status(5), NSpid): hooks in the container read that (runtime.md, State).</summary>
    private static int PidInside(int processId)
    {
        foreach (string line in File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status")))
        {
            if (line.StartsWith("NSpid:", StringComparison.Ordinal)) return int.Parse(line.AsSpan(line.LastIndexOf('\t') + 1), CultureInfo.InvariantCulture);
        }

        return processId;
    }

    private static void Each(IReadOnlyList<OciHook>? hooks, string kind, Action<OciHook, string> run)
    {
        for (int i = 0; i < (hooks?.Count ?? 0); i++) run(hooks![i], Name(kind, i));
    }

    private static string Name(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind} hook #{index}");
}
