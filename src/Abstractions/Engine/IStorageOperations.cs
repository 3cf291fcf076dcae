namespace ContainerTools;

/// <summary>Questions about the room that the engine takes up on the disk, and about its state.</summary>
public interface IStorageOperations
{
    /// <summary>All that takes up room, kind by kind.</summary>
    Task<IReadOnlyList<ContainerStorageItem>> ListAsync(CancellationToken cancellationToken);

    /// <summary>How much room each kind of things takes up.</summary>
    Task<IReadOnlyList<ContainerStorageUsage>> GetUsageAsync(CancellationToken cancellationToken);

    /// <summary>Removes the beginning of a layer that a pull has left; no error when it is gone already.</summary>
    /// <param name="digest">The layer's digest.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>; <see cref="ErrorCode.ImageInUse"/>: a pull is at it.</exception>
    Task RemoveDownloadAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Removes blobs and layers that neither an image nor a container needs any more, unless somebody counts on them at this moment: then the next change does it.</summary>
    /// <returns>The bytes that are free now.</returns>
    Task<long> RemoveUnusedAsync(CancellationToken cancellationToken);

    /// <summary>Reads all blobs and looks for what is damaged, missing or left over.</summary>
    /// <param name="repair">Whether to put right what can be.</param>
    /// <param name="progress">Bytes read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);
}
