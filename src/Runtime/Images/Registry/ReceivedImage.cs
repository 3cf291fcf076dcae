using ContainerTools.Runtime.Images.Archives;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>An image whose layers are on their way.</summary>
/// <param name="Image">The image.</param>
/// <param name="Downloads">Ends when no more comes; it does not fail, the readers of the layers do.</param>
internal sealed record ReceivedImage(ArchivedImage Image, Task Downloads);
