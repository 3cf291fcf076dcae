using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>Standard input, output and error, the terminal, signals: what a process inherits through execve.</summary>
internal static class Streams
{
    private const long UnlockTerminal = 0x4004_5431;
    private const long OpenPeer = 0x5441;
    private const long SetControllingTerminal = 0x540e;
    private const long SetWindowSize = 0x5414;
    private const long SocketLevel = 1;

    /// <summary>The process gets the descriptors that the launcher chose. Must come before anything else may use 0 to 2.</summary>
    public static void Redirect(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        plan.Section("runtime.md#create");
        for (int i = 0; i < 3; i++)
        {
            if (context.Streams[i] is { } stream) plan.Call(SystemCall.Dup3, "redirect", NameOf(i), stream, i, 0);
        }
    }

    /// <summary>
    /// A terminal from the container's own devpts: its master goes to the launcher over a socket (SCM_RIGHTS), its other side becomes
    /// standard input, output, error, the controlling terminal, and /dev/console.
    /// </summary>
    /// <param name="context">The launch.</param>
    /// <param name="console">Whether to mount it on /dev/console: for the first process only.</param>
    public static unsafe void OpenTerminal(LaunchContext context, bool console)
    {
        if (context.ConsoleSocket is not { } socket) return;
        LaunchPlan plan = context.Plan;
        plan.Section("config.md#process (terminal)");
        int flags = Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC;
        if (console)
        {
            RootPaths.Open(context, "dev/pts/ptmx", "/dev/pts/ptmx", Libc.O_RDWR | Libc.O_NOCTTY);
        }
        else
        {
            plan.Call(SystemCall.Openat, "open", "/dev/pts/ptmx", Libc.AT_FDCWD, plan.Text("/dev/pts/ptmx"), PlanArgument.Flags(flags, "O_RDWR|O_NOCTTY|O_CLOEXEC"));
        }

        Slot master = plan.Result("master");
        plan.Call(SystemCall.Ioctl, "unlock", "the terminal", master, PlanArgument.Flags(UnlockTerminal, "TIOCSPTLCK"), PlanArgument.Pointer((long)plan.Memory.Take(16), "0"));
        if (context.Process.ConsoleSize is { } size)
        {
            ushort* window = (ushort*)plan.Memory.Take(8);
            window[0] = (ushort)size.Height;
            window[1] = (ushort)size.Width;
            plan.Call(SystemCall.Ioctl, "set the size of", "the terminal", master, PlanArgument.Flags(SetWindowSize, "TIOCSWINSZ"), PlanArgument.Pointer((long)window, $"{size.Width}x{size.Height}"));
        }

        plan.Call(SystemCall.Ioctl, "open", "the terminal", master, PlanArgument.Flags(OpenPeer, "TIOCGPTPEER"), PlanArgument.Flags(flags, "O_RDWR|O_NOCTTY|O_CLOEXEC"));
        Slot peer = plan.Result("terminal");
        if (console)
        {
            Slot target = RootPaths.OrdinaryFile(context, "/dev/console");
            plan.Call(
                SystemCall.OpenTree, "mount the terminal on", "/dev/console", peer, plan.Itself,
                PlanArgument.Flags(Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC | Libc.AT_EMPTY_PATH, "OPEN_TREE_CLONE|AT_EMPTY_PATH"));
            Slot tree = plan.Result("tree");
            Mounts.Attach(plan, tree, target, "/dev/console", "mount the terminal on");
            plan.Call(SystemCall.Close, "close", "", tree);
            plan.Call(SystemCall.Close, "close", "", target);
        }

        Send(plan, socket, master, "the terminal");
        for (int i = 0; i < 3; i++) plan.Call(SystemCall.Dup3, "redirect", NameOf(i), peer, i, 0);
        plan.Call(SystemCall.Ioctl, "take", "the controlling terminal", 0, PlanArgument.Flags(SetControllingTerminal, "TIOCSCTTY"), 0);
        plan.Call(SystemCall.Close, "close", "", master);
        plan.Call(SystemCall.Close, "close", "", peer);
        plan.Call(SystemCall.Close, "close", "", socket);
    }

    /// <summary>
    /// Default actions for signals that the launcher ignores (clone3's CLONE_CLEAR_SIGHAND has taken the handlers already), and no blocked ones.
    /// </summary>
    public static unsafe void ResetSignals(LaunchPlan plan)
    {
        plan.Section("signal(7)");
        PlanArgument defaults = PlanArgument.Pointer((long)plan.Memory.Take(32), "SIG_DFL");
        foreach (int signal in (ReadOnlySpan<int>)[1, 2, 3, 13, 15, 17, 20, 21, 22, 28])
        {
            plan.Call(SystemCall.RtSigaction, "reset", "a signal", signal, defaults, 0, 8);
        }

        plan.Call(SystemCall.RtSigprocmask, "unblock", "signals", PlanArgument.Flags(2, "SIG_SETMASK"), PlanArgument.Pointer((long)plan.Memory.Take(8), "none"), 0, 8);
    }

    /// <summary>
    /// Closes whatever is not meant for the container. Close-on-exec alone would leave the descriptors there while execve looks the program up, and
    /// a program path through /proc/self/fd would lead to the host (the class of CVE-2024-21626). The report pipe and the gate stay: they
    /// lead nowhere.
    /// </summary>
    public static void CloseOthers(LaunchContext context)
    {
        CloseFrom(context.Plan, 3 + context.PreservedDescriptors, context.KeptDescriptors);
    }

    /// <summary>Closes all descriptors from a number on, but for some, which are in ascending order.</summary>
    public static void CloseFrom(LaunchPlan plan, long first, IReadOnlyList<int> keptDescriptors)
    {
        plan.Section("close_range(2)");
        foreach (int kept in keptDescriptors)
        {
            if (kept > first) Close(first, kept - 1);
            first = Math.Max(first, kept + 1);
        }

        Close(first, 0xffff_ffff);

        void Close(long from, long to) => plan.Call(SystemCall.CloseRange, "close", "the launcher's descriptors", from, PlanArgument.Flags(to, to == 0xffff_ffff ? "~0" : to.ToString(System.Globalization.CultureInfo.InvariantCulture)), 0);
    }

    /// <summary>Sends a descriptor over a socket.</summary>
    public static unsafe void Send(LaunchPlan plan, Slot socket, Slot descriptor, string what)
    {
        // struct msghdr with one byte of data and a control message of one descriptor (unix(7), SCM_RIGHTS).
        long* vector = (long*)plan.Memory.Take(16);
        vector[0] = (long)plan.Memory.Take(16);
        vector[1] = 1;
        byte* control = (byte*)plan.Memory.Take(32);
        *(long*)control = 20;
        *(int*)(control + 8) = (int)SocketLevel;
        *(int*)(control + 12) = 1;
        long* message = (long*)plan.Memory.Take(64);
        message[2] = (long)vector;
        message[3] = 1;
        message[4] = (long)control;
        message[5] = 24;
        plan.Store(descriptor, (long)(control + 16), $"put {what} into the message");
        plan.Call(SystemCall.Sendmsg, "send", what, socket, PlanArgument.Pointer((long)message, "SCM_RIGHTS"), 0);
    }

    private static string NameOf(int stream) => stream switch { 0 => "standard input", 1 => "standard output", _ => "standard error" };
}
