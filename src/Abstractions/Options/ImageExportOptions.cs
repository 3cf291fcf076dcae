namespace ContainerTools;

/// <summary>Where and how images are exported.</summary>
public sealed record ImageExportOptions
{
    /// <summary>The file, or for <see cref="ImageArchiveFormat.OciDirectory"/> the folder; absolute.</summary>
    public required string Path { get; init; }
    /// <summary>The form.</summary>
    public ImageArchiveFormat Format { get; init; }
    /// <summary>How the file is compressed; the layers in it stay as they are in the store.</summary>
    public ArchiveCompression Compression { get; init; }
    /// <summary>Replace a file that is there.</summary>
    public bool Force { get; init; }
}
