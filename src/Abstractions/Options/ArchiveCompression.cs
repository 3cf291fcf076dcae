namespace ContainerTools;

/// <summary>How an archive is compressed as a whole, or a layer.</summary>
public enum ArchiveCompression
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>gzip (RFC 1952).</summary>
    Gzip,
    /// <summary>Zstandard (RFC 8878).</summary>
    Zstd,
}
