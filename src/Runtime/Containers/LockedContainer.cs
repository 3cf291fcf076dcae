namespace ContainerTools.Runtime.Containers;

/// <summary>A container whose lock is held, read under the lock.</summary>
internal sealed class LockedContainer(ContainerLock held, ContainerRecord record, ContainerStatus status) : IDisposable
{
    /// <summary>What was asked for.</summary>
    public ContainerRecord Record { get; } = record;

    /// <summary>Where it is in its life.</summary>
    public ContainerStatus Status { get; } = status;

    /// <summary>The lock.</summary>
    public ContainerLock Lock { get; } = held;

    /// <summary>Lets the lock go.</summary>
    public void Dispose() => Lock.Dispose();
}
