namespace ContainerTools;

/// <summary>What can be done with volumes. A miss throws <see cref="ErrorCode.VolumeNotFound"/>.</summary>
public interface IVolumeOperations
{
    /// <summary>All volumes, in the order of their names.</summary>
    Task<IReadOnlyList<ContainerVolume>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One volume.</summary>
    Task<ContainerVolume> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes a volume. <see cref="ErrorCode.VolumeNameInUse"/> where it is there.</summary>
    Task<ContainerVolume> CreateAsync(VolumeCreateOptions options, CancellationToken cancellationToken);

    /// <summary>Removes a volume with all that is in it. <see cref="ErrorCode.VolumeInUse"/> while a container uses it, running or not.</summary>
    Task RemoveAsync(string name, CancellationToken cancellationToken);
}
