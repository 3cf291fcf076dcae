using System.Security.Cryptography;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>The digest of a layer that comes without one.</summary>
internal static class LayerDigest
{
    /// <summary>Hashes the uncompressed bytes: the layer's diff id.</summary>
    public static string OfUncompressed(ByteRange layer)
    {
        using Stream stream = CompressionFormat.Decompress(new RangeSource(layer, 256 * 1024), layer.Compression, layer.Display);
        try
        {
            return ImageDigest.Format(SHA256.HashData(stream));
        }
        catch (Exception error) when (CompressionFormat.IsDamage(error))
        {
            throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{layer.Display} is damaged or truncated: it cannot be decompressed.", layer.Display, error);
        }
    }
}
