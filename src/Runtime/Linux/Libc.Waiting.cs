using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>How a process ended.</summary>
/// <param name="Code">Its exit status, or the signal's number.</param>
/// <param name="Signaled">Whether a signal ended it.</param>
internal readonly record struct ProcessEnd(int Code, bool Signaled)
{
    /// <summary>The exit status, or 128 + the signal's number, as shells say it.</summary>
    public int ExitCode => Signaled ? 128 + Code : Code;
}

/// <summary>waitid(2) on pidfds.</summary>
internal static unsafe partial class Libc
{
    private const int P_PIDFD = 3;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int CLD_EXITED = 1;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int waitid(int type, int id, int* information, int options);

    /// <summary>Waits for the end of a child and reaps it.</summary>
    public static ProcessEnd WaitForExit(SafeHandle pidFd) => Wait(pidFd, WEXITED) ?? throw new InvalidOperationException("waitid returned without a process.");

    /// <summary>Reaps a child that has ended; null when it has not.</summary>
    public static ProcessEnd? TryReap(SafeHandle pidFd) => Wait(pidFd, WEXITED | WNOHANG);

    private static ProcessEnd? Wait(SafeHandle pidFd, int options)
    {
        // siginfo_t: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status.
        int* information = stackalloc int[32];
        information[4] = 0;
        while (waitid(P_PIDFD, (int)pidFd.DangerousGetHandle(), information, options) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("waitid");
        }

        return information[4] == 0 ? null : new ProcessEnd(information[6], information[2] != CLD_EXITED);
    }
}
