using System.Text;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Tests.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Fuzz;

/// <summary>Archives and the documents in them: read, or refused in our own words, and nothing is made outside.</summary>
public sealed class ArchiveFuzzTests : IDisposable
{
    private static readonly ErrorCode[] s_refusals =
        [ErrorCode.ArchiveCorrupt, ErrorCode.ArchiveUnsafe, ErrorCode.DigestMismatch, ErrorCode.ImageCorrupt, ErrorCode.ImageUnsupported, ErrorCode.SizeLimitExceeded];

    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public Task Archives_are_read_or_refused() => FuzzRun.RunAsync(6000, Corpus.Files("tar"), mutator => mutator.NextTar(), archive =>
    {
        try
        {
            TarReader tar = new(new StreamSource(new MemoryStream(archive)), "test.tar");
            // No archive has more entries than blocks.
            int entries = 0;
            while (tar.ReadEntry() is { } entry)
            {
                Assert.True(entry.Name.Length > 0 && entry.Size >= 0 && entry.StoredSize >= 0);
                Assert.True(++entries <= archive.Length / TarReader.BlockSize);
                long end = 0;
                foreach (TarFragment piece in entry.Fragments ?? [])
                {
                    Assert.True(piece.Offset >= end && piece.Length >= 0 && piece.Offset + piece.Length <= entry.Size);
                    end = piece.Offset + piece.Length;
                }
            }
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ArchiveCorrupt)
        {
            // Refused: as it should be.
        }
    });

    [Fact]
    public async Task Layers_are_unpacked_inside_their_folder_or_refused()
    {
        string canary = _store.Write("canary", "c"u8.ToArray());
        string around = Directory.CreateDirectory(Path.Combine(_store.Folder, "around")).FullName;
        int number = 0;
        await FuzzRun.RunAsync(300, Corpus.Files("tar"), mutator => mutator.NextTar(), archive =>
        {
            string folder = Directory.CreateDirectory(Path.Combine(around, $"{number++}")).FullName;
            try
            {
                using LayerUnpacker unpacker = new(folder, "the layer");
                unpacker.Unpack(new TarReader(new StreamSource(new MemoryStream(archive)), "the layer"), Token);
            }
            catch (ContainerException error) when (s_refusals.Contains(error.Code))
            {
                // Refused.
            }

            FolderRemoval.Remove(folder);
            Assert.Empty(Directory.GetFileSystemEntries(around));
            Assert.Equal("c"u8.ToArray(), File.ReadAllBytes(canary));
        });
    }

    [Theory]
    [InlineData("manifest-oci.json")]
    [InlineData("index-oci.json")]
    [InlineData("config.json")]
    public async Task Documents_of_a_layout_are_read_or_refused(string kind)
    {
        byte[] layer = new TarBuilder().File("a", "x").Build();
        await FuzzRun.RunAsync(150, Corpus.Files("documents"), mutator => mutator.Next(), async document =>
        {
            // All digests are right: only what the documents say is wrong.
            ImageBuilder builder = new();
            string archive = kind switch
            {
                "config.json" => Write(builder, builder.OciImage([layer], config: WithDigest(document, layer))),
                "index-oci.json" => Write(builder, Blob(builder, "application/vnd.oci.image.index.v1+json", document)),
                _ => Write(builder, Blob(builder, "application/vnd.oci.image.manifest.v1+json", document)),
            };
            await ImportAsync(archive);
        });
        Assert.Empty(_store.Ingests);
    }

    [Fact]
    public async Task Manifests_of_docker_archives_are_read_or_refused()
    {
        await FuzzRun.RunAsync(60, Corpus.Files("documents"), mutator => mutator.Next(), async document =>
        {
            byte[] layer = new TarBuilder().File("a", "x").Build();
            byte[] archive = new TarBuilder().File("manifest.json", document).File("repositories", document).File("config.json", Corpus.Document("documents/config.json")).File("layer.tar", layer).Build();
            await ImportAsync(_store.Write("archive", archive));
        });
        Assert.Empty(_store.Ingests);
    }

    /// <summary>The configuration of the corpus for this layer.</summary>
    private static byte[] WithDigest(byte[] config, byte[] layer) => Encoding.Latin1.GetBytes(
        Encoding.Latin1.GetString(config).Replace("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", ImageBuilder.Digest(layer), StringComparison.Ordinal));

    private static System.Text.Json.Nodes.JsonObject Blob(ImageBuilder builder, string type, byte[] document)
    {
        builder.Blob(document);
        return ImageBuilder.Descriptor(type, document);
    }

    private string Write(ImageBuilder builder, System.Text.Json.Nodes.JsonObject descriptor) => _store.Write("archive", builder.Layout(ImageBuilder.Named(descriptor, "one:1")).Tar());

    private async Task ImportAsync(string archive)
    {
        try
        {
            await _store.Store.ImportAsync(new ImageImportOptions { Path = archive, Reference = "x" }, null, Token);
        }
        catch (ContainerException error) when (s_refusals.Contains(error.Code) || error.Code == ErrorCode.InvalidArgument)
        {
            return;
        }

        // What was taken can be shown, and taken away.
        foreach (ContainerImage image in await _store.ListAsync())
        {
            await _store.Store.GetHistoryAsync(image.Id, Token);
            await _store.Store.RemoveAsync(image.Reference ?? image.Id, new ImageRemoveOptions { Force = true }, Token);
        }
    }
}
