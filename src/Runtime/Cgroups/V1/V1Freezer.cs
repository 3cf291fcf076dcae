using System.Diagnostics;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>freezer, v1 (kernel Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst). Frozen processes do not die before they are thawed.</summary>
internal sealed class V1Freezer : ICgroupFreezer
{
    private const string State = "freezer.state";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    /// <remarks>
    /// The state stays FREEZING while a process is on its way or new ones are forked, there is nothing to wait on, and each read makes the
    /// kernel look again: so read at once, then at growing distances, and now and then let go and freeze anew, which frees
    /// processes that wait for one already frozen (runc found that to be needed).
    /// </remarks>
    public void Freeze(CgroupFolder folder)
    {
        var elapsed = Stopwatch.StartNew();
        var pause = TimeSpan.FromMicroseconds(50);
        for (int attempt = 1; ; attempt++)
        {
            folder.Write(State, "FROZEN");
            if (folder.Read(State) == "FROZEN") return;
            if (elapsed.Elapsed > Patience) break;
            if (attempt % 16 == 0) folder.Write(State, "THAWED");
            Thread.Sleep(pause);
            if (pause < TimeSpan.FromMilliseconds(20)) pause *= 2;
        }

        folder.TryWrite(State, "THAWED");
        throw new ContainerException(
            ErrorCode.Timeout, $"The processes of {folder.Path} did not freeze: one of them is in a system call that cannot be interrupted; they run on.", folder.Path);
    }

    /// <inheritdoc/>
    public void Thaw(CgroupFolder folder)
    {
        int errno = folder.TryWrite(State, "THAWED");
        if (errno != 0 && errno != Errno.ENOENT && errno != Errno.ENODEV) throw folder.Refused(State, "THAWED", errno);
    }

    /// <inheritdoc/>
    /// <remarks>FREEZING counts: every process that can be is stopped.</remarks>
    public bool IsFrozen(CgroupFolder folder) => folder.Read(State) is "FROZEN" or "FREEZING";
}
