namespace ContainerTools;

/// <summary>Where and how images are exported.</summary>
public sealed record ImageExportOptions
{
    /// <summary>The file, or for <see cref="ImageArchiveFormat.OciDirectory"/> the folder; absolute.</summary>
    public required string Path { get; init; }
    /// <summary>The form.</summary>
    public ImageArchiveFormat Format { get; init; }
    /// <summary>The platform to write of a multi-platform image, <c>linux/arm64</c>; null for all of it, where it is here whole and the form holds several, else for this machine's.</summary>
    public string? Platform { get; init; }
    /// <summary>Write all platforms, or nothing: not where pieces of an image are missing, and not to a <see cref="ImageArchiveFormat.DockerArchive"/>.</summary>
    public bool AllPlatforms { get; init; }
    /// <summary>How the file is compressed; the layers in it stay as they are in the store.</summary>
    public ArchiveCompression Compression { get; init; }
    /// <summary>Replace a file that is there.</summary>
    public bool Force { get; init; }
}
