using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>A process that has been launched: a child of the caller, which must reap it (waitid(P_PIDFD)).</summary>
internal sealed class LaunchedProcess : IDisposable
{
    /// <summary>Its id on the host.</summary>
    public required int ProcessId { get; init; }
    /// <summary>Its start time in clock ticks since boot (proc_pid_stat(5), field 22).</summary>
    public required ulong StartTime { get; init; }
    /// <summary>Its pidfd; readable when it has ended.</summary>
    public required SafeFileHandle PidFd { get; init; }
    /// <summary>The terminal's master side, or null without a terminal.</summary>
    public SafeFileHandle? Terminal { get; init; }

    /// <summary>Closes the descriptors; the process goes on.</summary>
    public void Dispose()
    {
        PidFd.Dispose();
        Terminal?.Dispose();
    }
}
