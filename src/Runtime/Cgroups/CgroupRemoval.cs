using System.Globalization;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// Removes the folder of a cgroup. rmdir(2) answers EBUSY for two reasons: there are child cgroups (a container that runs containers
/// or systemd leaves some), or a process that has been killed has not left yet; children are removed first, and processes are waited for.
/// </summary>
internal static class CgroupRemoval
{
    /// <summary>How long a killed process may take to leave; it is gone in microseconds unless a device or file server holds it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long until a process that shows no sign of ending counts as one that lives.</summary>
    private static readonly TimeSpan Doubt = TimeSpan.FromMilliseconds(50);

    /// <summary>Removes it; no error when it is gone already.</summary>
    public static void Remove(Hierarchy hierarchy, CgroupFolder folder)
    {
        int errno = folder.Files.RemoveFolder(folder.Path);
        if (errno == 0 || errno == Errno.ENOENT) return;
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (errno == Errno.EBUSY || errno == Errno.ENOTEMPTY)
        {
            RemoveChildren(hierarchy, folder);
            errno = folder.Files.RemoveFolder(folder.Path);
            if (errno == 0 || errno == Errno.ENOENT) return;
            var left = TimeSpan.FromMilliseconds(end - Environment.TickCount64);
            if (left <= TimeSpan.Zero) throw Busy(folder, errno);
            if (!hierarchy.WaitEmpty(folder, left < Doubt ? left : Doubt) && HoldsTheLiving(folder)) throw Busy(folder, errno);
            errno = folder.Files.RemoveFolder(folder.Path);
            if (errno == 0 || errno == Errno.ENOENT) return;
        }

        throw KernelError.From("rmdir", errno, folder.Path);
    }

    private static void RemoveChildren(Hierarchy hierarchy, CgroupFolder folder)
    {
        foreach (string child in ProcessList.Children(folder)) Remove(hierarchy, folder.Child(child));
    }

    private static bool HoldsTheLiving(CgroupFolder folder)
    {
        foreach (int process in ProcessList.Read(folder, recursive: true))
            if (ProcessStat.Read(process) is { IsExiting: false }) return true;
        return false;
    }

    private static KernelException Busy(CgroupFolder folder, int errno)
    {
        IReadOnlyList<int> processes = ProcessList.Read(folder, recursive: true);
        string reason = processes.Count == 0
            ? "a process that has ended has not left it yet"
            : $"it still holds the processes {string.Join(", ", processes.Take(10).Select(id => id.ToString(CultureInfo.InvariantCulture)))}";
        return new KernelException("rmdir", errno, Errno.Name(errno), $"rmdir {folder.Path}: {Errno.Name(errno)} ({reason})", folder.Path);
    }
}
