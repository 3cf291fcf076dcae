namespace ContainerTools.Runtime.Oci;

/// <summary>The types of image documents (OCI media-types.md; Docker's image manifest version 2, schema 2).</summary>
internal static class ImageMediaType
{
    public const string Index = "application/vnd.oci.image.index.v1+json";
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string Config = "application/vnd.oci.image.config.v1+json";
    public const string Layer = "application/vnd.oci.image.layer.v1.tar";
    public const string LayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string LayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    public static bool IsIndex(string mediaType) => mediaType is Index or DockerIndex;

    public static bool IsManifest(string mediaType) => mediaType is Manifest or DockerManifest;

    public static bool IsConfig(string mediaType) => mediaType is Config or DockerConfig;

    /// <summary>Layers whose blobs are left out of archives and registries (Windows base layers).</summary>
    public static bool IsForeignLayer(string mediaType)
        => mediaType.Contains(".nondistributable.", StringComparison.Ordinal) || mediaType.Contains(".foreign.", StringComparison.Ordinal);

    /// <summary>Layers that can be unpacked, as far as the type tells; encrypted ones cannot.</summary>
    public static bool IsLayer(string mediaType)
        => !mediaType.EndsWith("+encrypted", StringComparison.Ordinal)
            && IsPlainLayer(mediaType);

    /// <summary>The same kind of layer in the words of the OCI: Docker's and its own must not be mixed in a manifest.</summary>
    public static string OfOci(string layer) => layer switch
    {
        DockerLayer => Layer,
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => LayerGzip,
        "application/vnd.docker.image.rootfs.diff.tar.zstd" => LayerZstd,
        _ => layer,
    };

    /// <summary>The type of a layer once it is compressed, in the words of whose it is.</summary>
    public static string Compressed(string layer, string compression) => layer + (layer == DockerLayer ? "." : "+") + compression;

    private static bool IsPlainLayer(string mediaType)
        => mediaType.StartsWith("application/vnd.oci.image.layer.", StringComparison.Ordinal)
            || mediaType.StartsWith("application/vnd.docker.image.rootfs.", StringComparison.Ordinal);
}
