namespace ContainerTools;

/// <summary>Questions about the room that the engine takes up on the disk, and about its state.</summary>
public interface IStorageOperations
{
    /// <summary>All that takes up room, kind by kind.</summary>
    Task<IReadOnlyList<ContainerStorageItem>> ListAsync(CancellationToken cancellationToken);

    /// <summary>How much room each kind of things takes up.</summary>
    Task<IReadOnlyList<ContainerStorageUsage>> GetUsageAsync(CancellationToken cancellationToken);

    /// <summary>Finds out what a removal of everything that nobody uses would take away, in which order, and how much it would free.</summary>
    /// <param name="options">What is meant.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>: a kind that cannot be removed on its own.</exception>
    Task<ContainerStoragePlan> PlanClearAsync(StorageClearOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Removes one thing of a plan, if nothing has come to use it since then. The blobs and layers of images stay until
    /// <see cref="RemoveUnusedAsync"/>, or the next change of an image: looking for what is left reads all documents of the store.
    /// </summary>
    /// <param name="item">What is to go.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.ImageInUse"/>, <see cref="ErrorCode.VolumeInUse"/>, an error of the container's state, or that it is not there any more;
    /// <see cref="ErrorCode.InvalidArgument"/>: a kind that cannot be removed on its own.
    /// </exception>
    Task RemoveAsync(ContainerStorageItem item, CancellationToken cancellationToken);

    /// <summary>Removes blobs and layers that neither an image nor a container needs any more, unless somebody counts on them at this moment: then the next change does it.</summary>
    /// <returns>The bytes that are free now.</returns>
    Task<long> RemoveUnusedAsync(CancellationToken cancellationToken);

    /// <summary>Reads all blobs and looks for what is damaged, missing or left over.</summary>
    /// <param name="repair">Whether to put right what can be.</param>
    /// <param name="progress">Bytes read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);
}
