using ContainerTools.Runtime.Images.Archives;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>What is to be done with one layer.</summary>
internal sealed record LayerJob
{
    /// <summary>The layer as it lies in the archive or in the store.</summary>
    public required ByteRange Source { get; init; }
    /// <summary>What it is, for messages.</summary>
    public required string Subject { get; init; }
    /// <summary>The digest promised for the bytes of <see cref="Source"/>; null where none is.</summary>
    public string? BlobDigest { get; init; }
    /// <summary>The digest promised for the uncompressed bytes; null where none is.</summary>
    public string? DiffId { get; init; }
    /// <summary>Copy the blob to this new file; null when the store has it.</summary>
    public string? BlobPath { get; init; }
    /// <summary>Unpack into this empty folder; null when the store has it.</summary>
    public string? Folder { get; init; }
    /// <summary>The most bytes it may have once it is decompressed; null for no limit.</summary>
    public long? MaximumSize { get; init; }
    /// <summary>Called with the number of source bytes read, again and again.</summary>
    public Action<long>? Progress { get; init; }
}
