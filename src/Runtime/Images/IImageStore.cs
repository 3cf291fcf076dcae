namespace ContainerTools.Runtime.Images;

/// <summary>What the container side of the engine needs of the image side.</summary>
internal interface IImageStore : IImageOperations
{
    /// <summary>Finds an image and makes sure that its layers are unpacked.</summary>
    /// <param name="image">A reference, a digest, a full id or a unique id prefix.</param>
    /// <param name="cancellationToken">Cancels the unpacking.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageNotFound"/>, <see cref="ErrorCode.ImageIdAmbiguous"/>, <see cref="ErrorCode.ImageCorrupt"/>.</exception>
    Task<StoredImage> ResolveAsync(string image, CancellationToken cancellationToken);

    /// <summary>Makes an image of another and one layer more.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageNotFound"/>, <see cref="ErrorCode.StorageFull"/>.</exception>
    Task<ContainerImage> CommitAsync(ImageCommit commit, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps layers from being deleted until disposed. A container being made from an image holds the store from before
    /// <see cref="ResolveAsync"/> until its record is written: from then on its use of the image is known.
    /// </summary>
    IDisposable Hold(CancellationToken cancellationToken);

    /// <summary>
    /// Takes away what only a container kept that is gone now: its image was removed by force before. Costs a look at two files where there is no such thing.
    /// </summary>
    /// <param name="imageId">The digest of the configuration of the image it was made from; empty where that is not known.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task ReleaseAsync(string imageId, CancellationToken cancellationToken);
}

/// <summary>A container that uses an image: keeps <see cref="IImageOperations.RemoveAsync"/> from taking it away.</summary>
/// <param name="Container">The container's name.</param>
/// <param name="ImageId">The digest of the image's configuration; empty where the container's record is damaged: then it is not known what it uses.</param>
/// <param name="Running">Whether it runs.</param>
internal sealed record ImageUse(string Container, string ImageId, bool Running)
{
    /// <summary>Chain ids of the unpacked layers that it runs on, whatever has become of its image's configuration.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];
}
