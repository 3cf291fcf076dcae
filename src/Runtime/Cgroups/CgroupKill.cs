using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>Kills processes and waits for their end through pidfds, so that a number the kernel has given to another process is never hit or waited for.</summary>
internal static class CgroupKill
{
    private const int DescriptorsAtOnce = 128;

    /// <summary>Waits until all have ended or the time is over; false in the second case.</summary>
    public static bool Wait(IReadOnlyList<int> processes, TimeSpan timeout)
    {
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        foreach (int id in processes)
        {
            using SafeFileHandle? process = Libc.OpenProcess(id);
            if (process is null) continue;
            if (!Libc.Poll(process, Libc.POLLIN, TimeSpan.FromMilliseconds(Math.Max(0, end - Environment.TickCount64)))) return false;
        }

        return true;
    }

    /// <summary>
    /// Sends SIGKILL to every process that is still in the cgroup: the pidfd is opened first and the membership read again after it, so
    /// a number cannot have changed its owner in between.
    /// </summary>
    /// <returns>Those it was sent to.</returns>
    public static IReadOnlyList<int> SignalAll(CgroupFolder folder)
    {
        IReadOnlyList<int> processes = ProcessList.Read(folder, recursive: true);
        foreach (int[] batch in processes.Chunk(DescriptorsAtOnce)) Signal(folder, batch);
        return processes;
    }

    private static void Signal(CgroupFolder folder, int[] processes)
    {
        var handles = new List<(int Id, SafeFileHandle Handle)>(processes.Length);
        try
        {
            foreach (int id in processes)
                if (Libc.OpenProcess(id) is { } handle) handles.Add((id, handle));
            var still = ProcessList.Read(folder, recursive: true).ToHashSet();
            foreach ((int id, SafeFileHandle handle) in handles)
                if (still.Contains(id)) Libc.SendSignal(handle, Linux.Signal.SIGKILL);
        }
        finally
        {
            foreach ((int _, SafeFileHandle handle) in handles) handle.Dispose();
        }
    }
}
