using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>cgroup.freeze: part of v2 itself, not a controller, so it is there on a hybrid machine too. Frozen processes can be killed.</summary>
internal sealed class V2Freezer : ICgroupFreezer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public void Freeze(CgroupFolder folder)
    {
        folder.Write("cgroup.freeze", "1");
        if (CgroupEvents.Wait(folder, "frozen", 1, Patience)) return;
        folder.TryWrite("cgroup.freeze", "0");
        throw new ContainerException(
            ErrorCode.Timeout, $"The processes of {folder.Path} did not freeze: one of them is in a system call that cannot be interrupted; they run on.", folder.Path);
    }

    /// <inheritdoc/>
    public void Thaw(CgroupFolder folder)
    {
        int errno = folder.TryWrite("cgroup.freeze", "0");
        if (errno != 0 && errno != Errno.ENOENT && errno != Errno.ENODEV) throw folder.Refused("cgroup.freeze", "0", errno);
    }

    /// <inheritdoc/>
    public bool IsFrozen(CgroupFolder folder) => CgroupEvents.Has(folder, "frozen"u8, 1) == true;
}
