using System.Runtime.InteropServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>A process that walks a plan: made by clone3(2), not yet known to have executed anything.</summary>
internal sealed unsafe partial class NewProcess : IDisposable
{
    private const ulong CLONE_PIDFD = 0x1000;
    private const ulong CLONE_CLEAR_SIGHAND = 0x1_0000_0000;
    private const ulong CLONE_INTO_CGROUP = 0x2_0000_0000;
    private const int SIGCHLD = 17;

    /// <summary>struct clone_args.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CloneArguments
    {
        public ulong Flags, PidFd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;
    }

    private NewProcess(int processId, SafeFileHandle pidFd)
    {
        ProcessId = processId;
        PidFd = pidFd;
    }

    /// <summary>Its id, in the launcher's pid namespace.</summary>
    public int ProcessId { get; }

    /// <summary>Its pidfd.</summary>
    public SafeFileHandle PidFd { get; }

    /// <summary>Makes the process.</summary>
    /// <param name="plan">What it does.</param>
    /// <param name="report">The descriptor that it reports a failure to.</param>
    /// <param name="cgroup">A v2 cgroup's folder to be born in, or null.</param>
    public static NewProcess Clone(LaunchPlan plan, int report, SafeFileHandle? cgroup)
    {
        Interpreter.Program* program = plan.Build(report);
        int pidFd = -1;
        CloneArguments arguments = new()
        {
            Flags = plan.CloneFlags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (cgroup is null ? 0 : CLONE_INTO_CGROUP),
            PidFd = (ulong)(&pidFd),
            ExitSignal = SIGCHLD,
            Cgroup = cgroup is null ? 0 : (ulong)cgroup.DangerousGetHandle(),
        };

        // No handler of this runtime may run in the new process before clone3 has reset them, nor a signal be lost to it.
        ulong all = ulong.MaxValue, before;
        SetSignalMask(&all, &before);
        int pid = Interpreter.Launch(program, &arguments, sizeof(CloneArguments));
        SetSignalMask(&before, null);
        if (pid < 0) throw KernelError.From("clone3", -pid);
        return new NewProcess(pid, new SafeFileHandle(pidFd, ownsHandle: true));
    }

    /// <summary>A child of this process that another one has made (CLONE_PARENT); as it has not been reaped, the number is its own.</summary>
    public static NewProcess Adopt(int processId) => new(processId, Libc.OpenProcess(processId) ?? throw KernelError.From("pidfd_open", Errno.ESRCH));

    /// <summary>Waits for its end and takes its exit status away.</summary>
    public void Reap() => Libc.WaitForExit(PidFd);

    /// <inheritdoc/>
    public void Dispose() => PidFd.Dispose();

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint RawCall(nint number, nint how, ulong* set, ulong* old, nint size);

    private static void SetSignalMask(ulong* set, ulong* old) => RawCall(SystemCall.RtSigprocmask.Number, 2, set, old, 8);
}
