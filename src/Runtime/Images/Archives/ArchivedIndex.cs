namespace ContainerTools.Runtime.Images.Archives;

/// <summary>The index that an image comes with when all of it is taken in.</summary>
/// <param name="Documents">The index and those in it, the outermost first.</param>
/// <param name="MediaType">What the outermost is.</param>
/// <param name="Others">What else they list, to be kept as it is.</param>
internal sealed record ArchivedIndex(IReadOnlyList<byte[]> Documents, string MediaType, IReadOnlyList<ArchivedImage> Others);
