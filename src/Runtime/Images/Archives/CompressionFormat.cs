using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Oci;
using ZstdSharp;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>Tells compressions apart by content, and undoes them.</summary>
internal static class CompressionFormat
{
    /// <summary>Looks at the first bytes; six are enough.</summary>
    public static Compression Detect(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 8])) return Compression.Gzip;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])) return Compression.Zstd;
        // A skippable frame may come first (seekable zstd).
        if (start.Length >= 4 && start[0] is >= 0x50 and <= 0x5F && start[1] == 0x2A && start[2] == 0x4D && start[3] == 0x18) return Compression.Zstd;
        if (start.StartsWith("BZh"u8)) return Compression.Bzip2;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0])) return Compression.Xz;
        return Compression.None;
    }

    /// <summary>Refuses the compressions that can be told but not undone.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageUnsupported"/>.</exception>
    public static void CheckSupported(Compression compression, string subject)
    {
        if (compression is not (Compression.Bzip2 or Compression.Xz)) return;
        throw new ContainerException(
            ErrorCode.ImageUnsupported,
            $"{subject} is compressed with {(compression == Compression.Xz ? "xz" : "bzip2")}; decompress it first, or use gzip or zstd.", subject);
    }

    /// <summary>A stream of the uncompressed bytes. Damage shows as <see cref="IsDamage"/>.</summary>
    public static Stream Decompress(BufferSource source, Compression compression, string subject)
    {
        CheckSupported(compression, subject);
        return compression switch
        {
            Compression.Gzip => new GzipInput(source),
            Compression.Zstd => ZstdDecoder.Single(subject).Open(new SourceStream(source)),
            _ => new SourceStream(source),
        };
    }

    /// <summary>The media type of a layer.</summary>
    public static string LayerMediaType(Compression compression) => compression switch
    {
        Compression.Gzip => ImageMediaType.LayerGzip,
        Compression.Zstd => ImageMediaType.LayerZstd,
        _ => ImageMediaType.Layer,
    };

    /// <summary>Whether a decompressor's error says that its input is damaged or cut short.</summary>
    public static bool IsDamage(Exception error) => error is InvalidDataException or EndOfStreamException or ZstdException;
}
