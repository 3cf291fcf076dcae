namespace ContainerTools.Runtime.Images.Archives;

/// <summary>How bytes are compressed.</summary>
internal enum Compression
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>RFC 1952.</summary>
    Gzip,
    /// <summary>RFC 8878.</summary>
    Zstd,
    /// <summary>bzip2; not supported.</summary>
    Bzip2,
    /// <summary>xz; not supported.</summary>
    Xz,
}
