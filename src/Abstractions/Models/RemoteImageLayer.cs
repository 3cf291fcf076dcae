namespace ContainerTools;

/// <summary>A layer as a registry offers it.</summary>
/// <param name="Digest">The digest of the blob.</param>
/// <param name="Size">The blob's bytes, compressed.</param>
/// <param name="MediaType">The blob's media type.</param>
public sealed record RemoteImageLayer(string Digest, long Size, string MediaType)
{
    /// <inheritdoc/>
    public override string ToString() => Digest;
}
