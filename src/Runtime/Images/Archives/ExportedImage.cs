using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>An image, or all of a multi-platform image, to be written to an archive or folder.</summary>
/// <param name="Top">Points at its manifest or its index.</param>
/// <param name="Pieces">All blobs and documents, the top as well.</param>
/// <param name="Names">The names to give it.</param>
internal sealed record ExportedImage(ImageDescriptor Top, IReadOnlyList<ImageDescriptor> Pieces, IReadOnlyList<ImageReference> Names)
{
    /// <summary>The manifest, for formats that know one only; null for an index.</summary>
    public ImageManifest? Manifest { get; init; }

    /// <summary>The lines for index.json: one per name, or one without.</summary>
    public IEnumerable<ImageDescriptor> IndexLines() => Names.Count == 0 ? [Top] : Names.Select(name => Top with
    {
        Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ImageLayout.FullName] = name.ToString(),
            [ImageLayout.RefName] = name.Familiar,
        },
    });
}
