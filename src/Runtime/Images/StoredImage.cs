namespace ContainerTools.Runtime.Images;

/// <summary>An image ready to run.</summary>
/// <param name="Image">What the pipeline sees.</param>
/// <param name="LayerFolders">Its unpacked layers, uppermost first.</param>
internal sealed record StoredImage(ContainerImage Image, IReadOnlyList<string> LayerFolders);
