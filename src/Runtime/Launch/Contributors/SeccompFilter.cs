namespace ContainerTools.Runtime.Launch.Contributors;

/// <summary>Loads the system call filter (seccomp(2)).</summary>
internal static class SeccompFilter
{
    /// <summary>Appends it; <paramref name="prepare"/> appends what must come just before.</summary>
    public static void Add(LaunchContext context, Action prepare)
    {
        _ = prepare;
        if (context.Spec.Linux?.Seccomp is null) return;
        throw new ContainerException(ErrorCode.NotSupported, "Seccomp filters are not supported yet.", "seccomp");
    }
}
