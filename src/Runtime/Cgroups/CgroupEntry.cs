using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// The way into a cgroup for a process that is about to be made. On v2 it is born there: clone3(2) with CLONE_INTO_CGROUP on
/// <see cref="Folder"/>. On v1 it moves itself by writing <c>0</c> to each of <see cref="TaskFiles"/> (the <c>tasks</c> file, not
/// cgroup.procs): for a thread that moves only itself the kernel skips the system-wide thread-group lock, whose first writer after
/// a rest waits for an RCU grace period of many milliseconds.
/// </summary>
internal sealed class CgroupEntry : IDisposable
{
    /// <summary>The v2 folder, opened O_PATH; null where v2 has no part in it.</summary>
    public SafeFileHandle? Folder { get; init; }

    /// <summary>The v1 <c>tasks</c> files, opened O_WRONLY.</summary>
    public IReadOnlyList<SafeFileHandle> TaskFiles { get; init; } = [];

    /// <inheritdoc/>
    public void Dispose()
    {
        Folder?.Dispose();
        foreach (SafeFileHandle file in TaskFiles) file.Dispose();
    }
}
