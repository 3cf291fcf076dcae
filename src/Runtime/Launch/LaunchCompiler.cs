using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// Compiles a configuration to a <see cref="LaunchPlan"/>: each contributor appends the steps of its concern, and the order of the contributors
/// is the order in which a container comes to be.
/// </summary>
internal static class LaunchCompiler
{
    private const long PR_SET_DUMPABLE = 4;

    /// <summary>The first process of a container.</summary>
    public static void CompileStart(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        Validate(context);
        ResolvedUser user = UserLookup.Resolve(context.Process.User, context.Inputs.RootFolder);
        Streams.Redirect(context);
        ProcessLimits.AddEarly(context);
        // A process sets its own labels only.
        bool forks = Namespaces.ForksFirst(context.Spec);
        if (!forks) SecurityLabels.Add(context);
        Namespaces.Enter(context);
        if (forks) SecurityLabels.Add(context);
        // Without privileges the launcher can follow a process that hides into no namespace. Before there is a second process in the container, nobody is there to be hidden from.
        bool hidesLate = context is { WaitsForHooks: true, Inputs.ClonesMounts: false, Spec.Hooks.CreateContainer.Count: > 0 } && context.MakesNamespace("user") && context.MakesNamespace("pid");
        if (!hidesLate) Hide(plan);
        plan.Section("umask(2)");
        plan.Call(SystemCall.Umask, "clear", "the umask", 0);
        RootFileSystem.Mount(context);
        Mounts.Add(context);
        Devices.Add(context);
        Streams.OpenTerminal(context, console: true);
        Namespaces.Name(context);
        Namespaces.RaiseLoopback(context);
        KernelParameters.Add(context);
        ProtectedPaths.Add(context);
        MakeWorkingFolder(context);
        WaitForHooks(context);
        if (hidesLate) Hide(plan);
        RootFileSystem.Pivot(context);
        Finish(context, user);
    }

    /// <summary>A further process in a running container.</summary>
    /// <param name="context">The launch.</param>
    /// <param name="container">The pidfd of the container's first process: setns(2) joins all its namespaces at once.</param>
    /// <param name="flags">Which namespaces, CLONE_NEW….</param>
    /// <param name="forks">Whether the pid namespace is joined here, instead of by the launcher, and entered by a child.</param>
    public static void CompileExec(LaunchContext context, Slot container, ulong flags, bool forks = false)
    {
        LaunchPlan plan = context.Plan;
        Validate(context);
        ResolvedUser user = UserLookup.Resolve(context.Process.User, context.Inputs.RootFolder);
        Streams.Redirect(context);
        ProcessLimits.AddEarly(context);
        SecurityLabels.Add(context);
        plan.Section("setns(2)");
        Namespaces.MoveIntoCgroup(context);
        ProcessLimits.SetAffinity(context);
        Hide(plan);
        plan.Section("setns(2)");
        plan.Call(SystemCall.Setns, "join", "the container's namespaces", container, PlanArgument.Flags((long)flags, "the container's"));
        if (forks) plan.Fork(context.Report);
        plan.Call(SystemCall.Setsid, "start", "a session");
        if (context.HasNamespace("user")) Namespaces.BecomeRoot(plan);
        if (!context.HasNamespace("mount"))
        {
            // Joining a mount namespace would have meant its root.
            plan.Call(SystemCall.Fchdir, "enter", "the root file system", context.Root);
            plan.Call(SystemCall.Chroot, "enter", "the root file system", plan.Text("."));
        }

        Streams.OpenTerminal(context, console: false);
        Finish(context, user);
    }

    private static void Finish(LaunchContext context, ResolvedUser user)
    {
        LaunchPlan plan = context.Plan;
        OciProcess process = context.Process;
        Keyring.Add(context);
        plan.Section("config.md#process (user.umask)");
        plan.Call(SystemCall.Umask, "set", "the umask", process.User.Umask ?? 0x12);
        ProcessLimits.Add(context);
        Streams.ResetSignals(plan);
        EnterWorkingFolder(context);
        Streams.CloseOthers(context);
        FindProgram(context);
        Identity.Add(context, user);
        WaitAtGate(context);
        Execute(context, user);
    }

    private static void Validate(LaunchContext context)
    {
        OciProcess process = context.Process;
        if (process.Args is not { Count: > 0 }) throw LaunchContext.Invalid("The process has no arguments; process.args needs at least the program.", "process.args");
        if (!process.Cwd.StartsWith('/')) throw LaunchContext.Invalid($"The working directory '{process.Cwd}' is not an absolute path.", process.Cwd);
        SecurityLabels.Check(context);
        CheckPath(context.Spec.Root?.Path);
        CheckPath(context.Spec.Linux?.Seccomp?.ListenerPath);
        foreach (OciMount mount in context.Spec.Mounts ?? [])
        {
            CheckPath(mount.Destination);
            CheckPath(mount.Source);
        }

        if (context.Spec.Linux?.Unknown?.ContainsKey("intelRdt") == true)
        {
            throw new ContainerException(ErrorCode.NotSupported, "Intel RDT is not supported.", "intelRdt");
        }
    }

    // Where paths are put together, before they get into the plan, which has the same objection.
    private static void CheckPath(string? path)
    {
        if (path?.Contains('\0', StringComparison.Ordinal) == true)
        {
            throw LaunchContext.Invalid($"'{path.Replace("\0", "\\0", StringComparison.Ordinal)}' contains a zero byte, which no path, argument or variable can.", path);
        }
    }

    /// <summary>
    /// Until execve the process is a copy of the launcher: its memory and its executable must not be reachable for processes in the container,
    /// which may see it in their /proc already.
    /// </summary>
    internal static void Hide(LaunchPlan plan)
    {
        plan.Section("PR_SET_DUMPABLE(2const)");
        plan.Call(SystemCall.Prctl, "hide", "the launcher's memory", PlanArgument.Flags(PR_SET_DUMPABLE, "PR_SET_DUMPABLE"), 0);
    }

    private static void MakeWorkingFolder(LaunchContext context)
    {
        if (context.Process.Cwd == "/") return;
        context.Plan.Section("config.md#process (cwd)");
        Slot folder = RootPaths.Folder(context, context.Process.Cwd);
        context.Plan.Call(SystemCall.Close, "close", "", folder);
    }

    /// <summary>Without magic links: a working directory of /proc/self/fd/… would lead to a folder of the host (CVE-2024-21626).</summary>
    private static void EnterWorkingFolder(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#process (cwd)");
        OpenHow how = new((ulong)(uint)(Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC), 0, Libc.RESOLVE_NO_MAGICLINKS);
        plan.Call(
            SystemCall.Openat2, "enter the working directory", context.Process.Cwd, Libc.AT_FDCWD, plan.Text(context.Process.Cwd),
            plan.Structure(how, "O_PATH|O_DIRECTORY, RESOLVE_NO_MAGICLINKS"), 24);
        plan.RetryAgain();
        Slot folder = plan.Result("cwd");
        plan.Call(SystemCall.Fchdir, "enter the working directory", context.Process.Cwd, folder);
    }

    /// <summary>
    /// A container that waits at the gate is told apart from one whose program does not exist: engines expect the creation to fail, and read the reason from its
    /// log. Done before the process becomes its user and is confined by a filter that may not know this call; what that user may not execute, execve tells at the start.
    /// </summary>
    private static void FindProgram(LaunchContext context)
    {
        if (context.Gate is null) return;
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#process (args)");
        plan.Find(Candidates(context.Process.Args![0], [.. context.Process.Env ?? []]), context.Process.Args[0]);
    }

    /// <summary>
    /// The hooks of the creation run now, in processes that the launcher makes: all is mounted, and the host's file systems are still there. The root file system is
    /// the working folder meanwhile, where <c>createContainer</c> hooks look for it.
    /// </summary>
    private static void WaitForHooks(LaunchContext context)
    {
        if (!context.WaitsForHooks) return;
        LaunchPlan plan = context.Plan;
        plan.Section("runtime.md#lifecycle");
        plan.Call(SystemCall.Fchdir, "enter", "the root file system", context.Root);
        plan.Call(SystemCall.Write, "report", "that the hooks can run", context.Report, plan.Structure(new StepFailure(Handshake.AtHooks, 0), "at-hooks"), 8);
        ReadGo(context, "the hooks");
    }

    /// <summary>Waits until the launcher has done its part.</summary>
    internal static unsafe void ReadGo(LaunchContext context, string what)
    {
        context.Plan.Call(SystemCall.Read, "wait for", what, context.Go!.Value, PlanArgument.Pointer((long)context.Plan.Memory.Take(16), "go"), 1);
        context.Plan.NotZero();
    }

    private static void WaitAtGate(LaunchContext context)
    {
        if (context.Gate is not { } gate) return;
        LaunchPlan plan = context.Plan;
        plan.Section("runtime.md#start");
        plan.Call(
            SystemCall.Write, "report", "that the container is created", context.Report,
            plan.Structure(new StepFailure(StartGate.Ready, 0), "ready"), 8);
        unsafe
        {
            plan.Call(SystemCall.Read, "wait for", "the start", gate, PlanArgument.Pointer((long)plan.Memory.Take(16), "go"), 1);
        }

        plan.NotZero();
    }

    private static void Execute(LaunchContext context, ResolvedUser user)
    {
        OciProcess process = context.Process;
        context.Plan.Section("config.md#process (args, env)");
        List<string> environment = [.. process.Env ?? []];
        if (!environment.Exists(static variable => variable.StartsWith("HOME=", StringComparison.Ordinal))) environment.Add("HOME=" + (user.Home ?? "/"));
        context.Plan.Execute(context.Program is { } program ? [program] : Candidates(process.Args![0], environment), process.Args!, environment);
    }

    /// <summary>Where a program may be: as execvp(3), by PATH unless the name has a slash.</summary>
    private static List<string> Candidates(string program, List<string> environment)
    {
        if (program.Contains('/', StringComparison.Ordinal)) return [program];
        string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (string variable in environment)
        {
            if (variable.StartsWith("PATH=", StringComparison.Ordinal)) path = variable[5..];
        }

        List<string> candidates = [];
        foreach (string folder in path.Split(':'))
        {
            candidates.Add(folder.Length == 0 ? "./" + program : folder.TrimEnd('/') + "/" + program);
        }

        return candidates;
    }
}
