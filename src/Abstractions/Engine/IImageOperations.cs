namespace ContainerTools;

/// <summary>
/// What can be done with images. An <c>image</c> argument is a reference, a digest, a full id or a unique id prefix; a miss
/// throws <see cref="ErrorCode.ImageNotFound"/>.
/// </summary>
public interface IImageOperations
{
    /// <summary>All images: one per reference, and one per image that has none.</summary>
    IAsyncEnumerable<ContainerImage> ListAsync(CancellationToken cancellationToken);

    /// <summary>One image.</summary>
    Task<ContainerImage> GetAsync(string image, CancellationToken cancellationToken);

    /// <summary>Brings an archive into the store. Nothing is visible before all of it is verified.</summary>
    Task<IReadOnlyList<ContainerImage>> ImportAsync(
        ImageImportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a reference, and the image with it when it was the last. <see cref="ErrorCode.ImageInUse"/> while a container uses it.
    /// Returns what was removed.
    /// </summary>
    Task<IReadOnlyList<ContainerImage>> RemoveAsync(string image, ImageRemoveOptions options, CancellationToken cancellationToken);
}
