using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images;

/// <summary>An OCI image layout on disk (image-layout.md): <c>oci-layout</c>, <c>index.json</c>, <c>blobs/sha256/</c>.</summary>
/// <param name="folder">The layout's folder.</param>
internal sealed class ImageLayout(string folder)
{
    /// <summary>The annotation that names an image for tools of the OCI.</summary>
    public const string RefName = "org.opencontainers.image.ref.name";

    /// <summary>The annotation that holds the whole reference; containerd's, and Docker's since version 25.</summary>
    public const string FullName = "io.containerd.image.name";

    /// <summary>The most bytes of a manifest, index or configuration: registries allow 4 MiB.</summary>
    public const int MaximumDocumentSize = 4 * 1024 * 1024;

    /// <summary>The annotation of a multi-platform image that was received with all of its platforms: what it lacks of them is damage.</summary>
    public const string Whole = "containertools.image.whole";

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The folder of the blobs.</summary>
    public string Blobs { get; } = Path.Combine(folder, "blobs", "sha256");

    private string IndexPath => Path.Combine(folder, "index.json");

    /// <summary>Makes an empty layout where there is none.</summary>
    public void Ensure()
    {
        Directory.CreateDirectory(Blobs);
        string version = Path.Combine(folder, "oci-layout");
        if (!File.Exists(version)) AtomicFile.Write(version, """{"imageLayoutVersion":"1.0.0"}"""u8, mode: Readable);
        if (!File.Exists(IndexPath)) WriteIndex(new ImageIndex { MediaType = ImageMediaType.Index });
    }

    /// <summary>
    /// Files of <see cref="Ensure"/> and <see cref="WriteIndex"/> that did not come to their rename. Under the store's lock, under which both are written,
    /// they are those of processes that died.
    /// </summary>
    public IReadOnlyList<string> TemporaryFiles() => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.tmp") : [];

    /// <summary>The path of a blob, whether it exists or not.</summary>
    public string Blob(string digest) => Path.Combine(Blobs, ImageDigest.Hex(digest));

    /// <summary>
    /// The path of the mark of a blob that was here, was damaged and was removed. Until it is here again, it is not known what it led to.
    /// </summary>
    public string Lost(string digest) => Path.Combine(LostBlobs, ImageDigest.Hex(digest));

    /// <summary>The folder of those marks.</summary>
    public string LostBlobs { get; } = Path.Combine(folder, "lost");

    /// <summary>The index; empty where there is no layout yet.</summary>
    public ImageIndex ReadIndex()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(IndexPath), ImageJson.Default.ImageIndex) ?? throw Damaged(null);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ImageIndex();
        }
        catch (JsonException error)
        {
            throw Damaged(error);
        }

        ContainerException Damaged(Exception? cause) => new(
            ErrorCode.StateCorrupt, $"The list of images, {IndexPath}, is damaged; Test-ContainerStorage -Repair lists all images anew, without their names.", IndexPath, cause);
    }

    /// <summary>Puts a damaged index aside, for whoever can read something in it.</summary>
    /// <returns>Where it is now.</returns>
    public string PutIndexAside()
    {
        string aside = IndexPath + ".damaged";
        File.Copy(IndexPath, aside, overwrite: true);
        return aside;
    }

    /// <summary>Replaces the index, durably.</summary>
    public void WriteIndex(ImageIndex index)
        => AtomicFile.Write(IndexPath, JsonSerializer.SerializeToUtf8Bytes(index, ImageJson.Plain.ImageIndex), mode: Readable);

    /// <summary>A document among the blobs; null when it is not there.</summary>
    public byte[]? TryReadDocument(string digest)
    {
        try
        {
            FileInfo file = new(Blob(digest));
            if (file.Length > MaximumDocumentSize)
            {
                throw new ContainerException(ErrorCode.ImageCorrupt, $"The document {digest} has {file.Length} bytes, more than any image needs.", digest);
            }

            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A document among the blobs.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageCorrupt"/> when it is missing or malformed.</exception>
    public T ReadDocument<T>(string digest, JsonTypeInfo<T> type)
        where T : class
        => Parse(
            TryReadDocument(digest) ?? throw new ContainerException(
                ErrorCode.ImageCorrupt, $"The image store lacks the document {digest}; remove the image and import it again.", digest),
            digest, type);

    /// <summary>Reads a JSON document, whoever wrote it.</summary>
    public static T Parse<T>(ReadOnlySpan<byte> json, string subject, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new ContainerException(ErrorCode.ImageCorrupt, $"The image document {subject} is empty.", subject);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.ImageCorrupt, $"The image document {subject} is not valid: {Reason(error)}", subject, error);
        }
    }

    /// <summary>Without the position, which the message repeats.</summary>
    private static string Reason(JsonException error)
    {
        StringBuilder text = new(error.Message);
        int path = error.Message.IndexOf(" Path:", StringComparison.Ordinal);
        if (path > 0) text.Length = path;
        return text.ToString();
    }
}
