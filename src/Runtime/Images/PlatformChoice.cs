using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>Which image of an index is meant: the same whether the index is in a registry, in the store or in an archive.</summary>
internal static class PlatformChoice
{
    private const string AttestationAnnotation = "vnd.docker.reference.type";

    /// <summary>Whether a line of an index may be an image: artifacts and attestations may stand beside images.</summary>
    public static bool IsImage(ImageDescriptor descriptor)
        => ImageMediaType.IsManifest(descriptor.MediaType) && descriptor.ArtifactType is null && !IsAttestation(descriptor);

    /// <summary>Whether a line is a statement about another: BuildKit's provenance and SBOM documents look like manifests for the platform unknown/unknown.</summary>
    public static bool IsAttestation(ImageDescriptor descriptor)
        => descriptor.Annotations?.ContainsKey(AttestationAnnotation) == true || descriptor.Platform is { Os: "unknown", Architecture: "unknown" };

    /// <summary>Chooses one.</summary>
    /// <param name="images">The images of the index.</param>
    /// <param name="platform">The platform.</param>
    /// <param name="any">Whether another image will do where there is none for the platform.</param>
    public static ImageDescriptor? Choose(IReadOnlyList<ImageDescriptor> images, ImagePlatformSelector platform, bool any)
    {
        // Of several variants, the one every machine can run: the first, as their order says.
        ImageDescriptor? fitting = images.FirstOrDefault(image => platform.Matches(image.Platform?.Os, image.Platform?.Architecture, image.Platform?.Variant));
        if (fitting is not null || !any) return fitting;
        // What says no platform may be no image at all.
        return images.FirstOrDefault(image => image.Platform is not null) ?? (images.Count > 0 ? images[0] : null);
    }
}
