using System.Security.Cryptography;
using System.Text.Json;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// Writes images of the store as an OCI image layout, in a tar or in a folder; in a tar with docker save's <c>manifest.json</c> beside it where
/// that is wanted. The same images make the same bytes. Every blob's digest is checked while it is copied.
/// </summary>
/// <param name="layout">The store.</param>
/// <param name="images">What is written.</param>
/// <param name="progress">Told of the bytes of blobs that were copied.</param>
/// <param name="cancellationToken">Cancels.</param>
internal sealed class ImageArchiveWriter(ImageLayout layout, IReadOnlyList<ExportedImage> images, Action<long> progress, CancellationToken cancellationToken)
{
    private const int BufferSize = 1024 * 1024;

    private static ReadOnlySpan<byte> Version => """{"imageLayoutVersion":"1.0.0"}"""u8;

    private readonly byte[] _buffer = new byte[BufferSize];

    /// <summary>All blobs, each once, in an order that depends on the images alone.</summary>
    public IReadOnlyList<ImageDescriptor> Blobs { get; } =
        [.. images.SelectMany(image => image.Pieces).DistinctBy(blob => blob.Digest).OrderBy(blob => blob.Digest, StringComparer.Ordinal)];

    /// <summary>Writes a tar.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="docker">With manifest.json.</param>
    public void WriteTar(Stream output, bool docker)
    {
        TarWriter tar = new(output);
        // Readers of streams want to know what it is before the blobs come.
        WriteFile(tar, OciArchive.VersionName, Version);
        WriteFile(tar, OciArchive.IndexName, Index());
        if (docker) WriteFile(tar, DockerArchive.ManifestName, DockerManifest());
        WriteFolder(tar, "blobs/");
        WriteFolder(tar, "blobs/sha256/");
        foreach (ImageDescriptor blob in Blobs)
        {
            tar.WriteEntry(new TarEntry
            {
                Type = TarEntryType.File,
                Name = Name("blobs/sha256/" + ImageDigest.Hex(blob.Digest)),
                Mode = 0x1A4,
                StoredSize = blob.Size,
                Size = blob.Size,
            });
            CopyBlob(blob, tar.WriteContent);
        }

        tar.Close();
    }

    /// <summary>Writes a folder, or adds to one that is there; its index comes last.</summary>
    public void WriteFolder(string folder)
    {
        ImageLayout target = new(folder);
        target.Ensure();
        foreach (ImageDescriptor blob in Blobs)
        {
            string path = target.Blob(blob.Digest);
            if (File.Exists(path) && new FileInfo(path).Length == blob.Size)
            {
                progress(blob.Size);
                continue;
            }

            string temporary = $"{path}.{Guid.NewGuid():n}.tmp";
            try
            {
                using (SafeFileHandle file = Libc.Open(temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0x1A4))
                {
                    CopyBlob(blob, part => Check(Libc.WriteAll(file, part), temporary));
                    if (Libc.fsync(file) < 0) throw KernelError.Last("fsync", temporary);
                }

                File.Move(temporary, path, overwrite: true);
            }
            finally
            {
                Libc.TryUnlink(temporary);
            }
        }

        AtomicFile.SyncFolder(target.Blobs);
        ImageIndex index = target.ReadIndex();
        List<ImageDescriptor> lines = [.. images.SelectMany(image => image.IndexLines())];
        HashSet<string> names = [.. lines.Select(NameOf).OfType<string>()];
        HashSet<string> digests = [.. lines.Select(line => line.Digest)];
        IEnumerable<ImageDescriptor> others = index.Manifests.Where(line => NameOf(line) is { } name ? !names.Contains(name) : !digests.Contains(line.Digest));
        target.WriteIndex(index with { MediaType = index.MediaType ?? ImageMediaType.Index, Manifests = [.. others, .. lines] });
    }

    private static string? NameOf(ImageDescriptor line)
        => line.Annotations?.GetValueOrDefault(ImageLayout.FullName) ?? line.Annotations?.GetValueOrDefault(ImageLayout.RefName);

    private byte[] Index() => JsonSerializer.SerializeToUtf8Bytes(
        new ImageIndex { MediaType = ImageMediaType.Index, Manifests = [.. images.SelectMany(image => image.IndexLines())] }, ImageJson.Plain.ImageIndex);

    private byte[] DockerManifest() => JsonSerializer.SerializeToUtf8Bytes(
        [.. images.Select(image => new DockerArchiveImage
        {
            Config = "blobs/sha256/" + ImageDigest.Hex(image.Manifest!.Config!.Digest),
            RepoTags = [.. image.Names.Select(name => name.Familiar)],
            Layers = [.. image.Manifest.Layers.Select(layer => "blobs/sha256/" + ImageDigest.Hex(layer.Digest))],
        })],
        ImageJson.Plain.DockerArchiveImageArray);

    private static void WriteFolder(TarWriter tar, string name) => tar.WriteEntry(new TarEntry { Type = TarEntryType.Folder, Name = Name(name), Mode = 0x1ED });

    private static void WriteFile(TarWriter tar, string name, ReadOnlySpan<byte> content)
    {
        tar.WriteEntry(new TarEntry { Type = TarEntryType.File, Name = Name(name), Mode = 0x1A4, StoredSize = content.Length, Size = content.Length });
        tar.WriteContent(content);
    }

    private static byte[] Name(string name) => System.Text.Encoding.ASCII.GetBytes(name);

    private void CopyBlob(ImageDescriptor blob, Sink sink)
    {
        using SafeFileHandle? file = Libc.TryOpen(layout.Blob(blob.Digest), Libc.O_RDONLY | Libc.O_CLOEXEC, 0, out int errno);
        if (file is null)
        {
            throw errno == Errno.ENOENT ? Damaged(blob, "is missing") : KernelError.From("open", errno, layout.Blob(blob.Digest));
        }

        if (RandomAccess.GetLength(file) != blob.Size) throw Damaged(blob, "has not the size that its manifest says");
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long position = 0; position < blob.Size;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = RandomAccess.Read(file, _buffer, position);
            if (read == 0) throw Damaged(blob, "has not the size that its manifest says");
            hash.AppendData(_buffer, 0, read);
            sink(_buffer.AsSpan(0, read));
            position += read;
            progress(read);
        }

        if (ImageDigest.Format(hash.GetCurrentHash()) != blob.Digest) throw Damaged(blob, "has not the content that its digest says");
    }

    private static ContainerException Damaged(ImageDescriptor blob, string what)
        => new(ErrorCode.ImageCorrupt, $"The blob {blob.Digest} of the image store {what}; remove the image and import it again.", blob.Digest);

    private static void Check(int errno, string path)
    {
        if (errno != 0) throw KernelError.From("write", errno, path);
    }

    private delegate void Sink(ReadOnlySpan<byte> part);
}
