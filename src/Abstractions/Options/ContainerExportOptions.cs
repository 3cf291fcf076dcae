namespace ContainerTools;

/// <summary>How a container's root file system is written to a file.</summary>
public sealed record ContainerExportOptions
{
    /// <summary>The file to write; in a folder that is there, <c>name.tar</c>.</summary>
    public required string Path { get; init; }
    /// <summary>How the file is compressed.</summary>
    public ArchiveCompression Compression { get; init; }
    /// <summary>Replace a file that is there.</summary>
    public bool Force { get; init; }
}
