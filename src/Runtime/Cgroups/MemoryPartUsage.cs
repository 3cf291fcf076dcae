namespace ContainerTools.Runtime.Cgroups;

/// <summary>A part of a v1 cgroup's memory that is counted by itself: the kernel's, or that of TCP buffers. In bytes.</summary>
/// <param name="Usage">In use.</param>
/// <param name="Peak">The most that was in use at once.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Failures">How often it was hit.</param>
internal sealed record MemoryPartUsage(long? Usage, long? Peak, long? Limit, long? Failures)
{
    /// <summary>Reads it; null where it is not counted.</summary>
    /// <param name="folders">The cgroup's folders.</param>
    /// <param name="prefix">What the files' names begin with: <c>memory.kmem</c> or <c>memory.kmem.tcp</c>.</param>
    public static MemoryPartUsage? Read(IReadOnlyList<CgroupFolder> folders, string prefix)
    {
        foreach (CgroupFolder folder in folders)
        {
            if (folder.ReadNumber(prefix + ".usage_in_bytes") is not { } usage) continue;
            return new MemoryPartUsage(
                usage, folder.ReadNumber(prefix + ".max_usage_in_bytes"), folder.ReadNumber(prefix + ".limit_in_bytes"), folder.ReadNumber(prefix + ".failcnt"));
        }

        return null;
    }
}
