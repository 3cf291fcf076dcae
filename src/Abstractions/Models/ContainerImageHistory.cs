namespace ContainerTools;

/// <summary>A step in the making of an image.</summary>
public sealed record ContainerImageHistory
{
    /// <summary>The image's id.</summary>
    public required string ImageId { get; init; }
    /// <summary>The image as <see cref="ContainerImage.Reference"/> shows it, or its short id.</summary>
    public required string Image { get; init; }
    /// <summary>The step's place, the first is 1.</summary>
    public required int Index { get; init; }
    /// <summary>When it was done, or null where the image does not say.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
    /// <summary>By which command, or null.</summary>
    public string? CreatedBy { get; init; }
    /// <summary>By whom, or null.</summary>
    public string? Author { get; init; }
    /// <summary>A word about it, or null.</summary>
    public string? Comment { get; init; }
    /// <summary>Bytes of the layer it made, unpacked; 0 where it made none, null where the layer is not unpacked.</summary>
    public long? Size { get; init; }
    /// <summary>The digest of the uncompressed layer it made, or null where it made none.</summary>
    public string? Layer { get; init; }
}
