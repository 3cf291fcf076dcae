using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Layers;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>A layer that has been verified.</summary>
/// <param name="BlobDigest">The digest of the blob.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Compression">How it is compressed.</param>
/// <param name="DiffId">The digest of its uncompressed bytes.</param>
/// <param name="Contents">What it holds; null where it was not unpacked.</param>
internal sealed record LayerResult(string BlobDigest, long Size, Compression Compression, string DiffId, LayerContents? Contents);
