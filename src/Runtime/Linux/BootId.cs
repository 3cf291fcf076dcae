namespace ContainerTools.Runtime.Linux;

/// <summary>Names the time since the kernel started: process ids and start times mean nothing after it.</summary>
internal static class BootId
{
    /// <summary>/proc/sys/kernel/random/boot_id, without the line end.</summary>
    public static string Current { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").TrimEnd();
}
