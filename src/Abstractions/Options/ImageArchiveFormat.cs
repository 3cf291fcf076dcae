namespace ContainerTools;

/// <summary>How images are written to a file or folder.</summary>
public enum ImageArchiveFormat
{
    /// <summary>What <c>docker save</c> writes: <c>manifest.json</c>, and an OCI image layout with the same blobs beside it.</summary>
    DockerArchive,
    /// <summary>An OCI image layout in a tar file.</summary>
    OciArchive,
    /// <summary>An OCI image layout in a folder; images are added to one that is there.</summary>
    OciDirectory,
}
