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

    /// <summary>
    /// Writes images into one file or folder; by reference under that name, by id without one. The file appears when it is complete.
    /// <see cref="ErrorCode.FileExists"/> where it is there already and may not be replaced. Returns what was written.
    /// </summary>
    Task<IReadOnlyList<ContainerImage>> ExportAsync(
        IReadOnlyList<string> images, ImageExportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);

    /// <summary>How an image came about, the last step first.</summary>
    Task<IReadOnlyList<ContainerImageHistory>> GetHistoryAsync(string image, CancellationToken cancellationToken);

    /// <summary>Gives an image another name; an image that has this name loses it.</summary>
    Task<ContainerImage> AddTagAsync(string image, string reference, CancellationToken cancellationToken);

    /// <summary>Takes a name away; the image stays, without a name when it was the last. Returns the image without the name.</summary>
    Task<ContainerImage> RemoveTagAsync(string reference, CancellationToken cancellationToken);
}
