using ContainerTools.Runtime.Images.Archives;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>An image whose layers are on their way.</summary>
/// <param name="Image">The image.</param>
/// <param name="Downloads">Ends when no more comes; it does not fail, the readers of the layers do.</param>
internal sealed record ReceivedImage(ArchivedImage Image, Task Downloads)
{
    /// <summary>What else the index lists, to be kept as it is.</summary>
    public IReadOnlyList<ArchivedImage> Others { get; init; } = [];

    /// <summary>The index and those in it, the outermost first; empty where the image alone is wanted.</summary>
    public IReadOnlyList<RemoteDocument> Indexes { get; init; } = [];
}
