using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>A new image, made of one that is there and one layer more.</summary>
internal sealed record ImageCommit
{
    /// <summary>The image below.</summary>
    public required string BaseImage { get; init; }
    /// <summary>What the layer comes from, for messages.</summary>
    public required string Subject { get; init; }
    /// <summary>The new image's name; null for none.</summary>
    public string? Reference { get; init; }
    /// <summary>Makes the new configuration from that of the image below; the layers are the store's business.</summary>
    public required Func<ImageConfig, ImageConfig> Configure { get; init; }
    /// <summary>Writes the layer as a tar archive. False when there is nothing in it: then the image gets no new layer.</summary>
    public required Func<Stream, CancellationToken, Task<bool>> WriteLayer { get; init; }
}
