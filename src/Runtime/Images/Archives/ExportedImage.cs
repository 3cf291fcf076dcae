using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>An image to be written to an archive or folder.</summary>
/// <param name="Manifest">Points at its manifest.</param>
/// <param name="ConfigDigest">Its configuration.</param>
/// <param name="Blobs">Its configuration and its layers, base first.</param>
/// <param name="Names">The names to give it.</param>
internal sealed record ExportedImage(ImageDescriptor Manifest, string ConfigDigest, IReadOnlyList<ImageDescriptor> Blobs, IReadOnlyList<ImageReference> Names)
{
    /// <summary>The lines for index.json: one per name, or one without.</summary>
    public IEnumerable<ImageDescriptor> IndexLines() => Names.Count == 0 ? [Manifest] : Names.Select(name => Manifest with
    {
        Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ImageLayout.FullName] = name.ToString(),
            [ImageLayout.RefName] = name.Familiar,
        },
    });
}
