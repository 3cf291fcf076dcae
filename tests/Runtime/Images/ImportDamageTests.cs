using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>Whatever is wrong with an archive, it is said in the right words, and the store stays as it was.</summary>
public sealed class ImportDamageTests : IDisposable
{
    private static readonly byte[] Layer = new TarBuilder().File("file", new string('x', 100_000)).Build();

    private readonly TemporaryStore _store = new();
    private readonly ImageBuilder _builder = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_file_that_is_not_there()
    {
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => _store.Store.ImportAsync(new ImageImportOptions { Path = "/no/such.tar" }, null, TestContext.Current.CancellationToken));
        Assert.Equal((ErrorCode.FileNotFound, "/no/such.tar"), (error.Code, error.Target));
    }

    [Fact]
    public async Task Files_that_are_no_archive()
    {
        await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, []);
        ContainerException letter = await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, Encoding.UTF8.GetBytes(new string('a', 5000)));
        Assert.Contains("is no archive", letter.Message, StringComparison.Ordinal);
        letter = await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, "a short letter"u8.ToArray());
        Assert.Contains("is no archive", letter.Message, StringComparison.Ordinal);
        await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, [0x1F, 0x8B, 8, 0, 1, 2, 3]);
        await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, [0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3]);
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, 0]);
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, "BZh9123456"u8.ToArray());
    }

    [Fact]
    public async Task A_device_that_never_ends_is_no_archive()
    {
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => ImportAsync("/dev/zero", 10_000_000));
        Assert.Equal((ErrorCode.ArchiveCorrupt, "/dev/zero"), (error.Code, error.Target));
        Assert.Empty(_store.Ingests);
    }

    [Fact]
    public async Task A_pipe_is_read_as_far_as_is_allowed()
    {
        string pipe = Path.Combine(_store.Folder, "pipe");
        byte[] archive = new TarBuilder().Folder("etc").File("etc/zeros", new byte[3_000_000]).Build();
        MakePipe(pipe);
        Task writing = Task.Run(() => Feed(pipe, archive), TestContext.Current.CancellationToken);
        Assert.Single(await ImportAsync(pipe));
        await writing;
        writing = Task.Run(() => Feed(pipe, archive), TestContext.Current.CancellationToken);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => ImportAsync(pipe, 1_000_000));
        Assert.Equal((ErrorCode.SizeLimitExceeded, pipe), (error.Code, error.Target));
        await writing;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Waiting_for_a_pipe_that_gives_nothing_can_be_called_off(bool opened)
    {
        string pipe = Path.Combine(_store.Folder, "pipe");
        MakePipe(pipe);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        // Who opens it for both does not wait, and lets the reader's open come back.
        using SafeFileHandle? writer = opened ? Libc.Open(pipe, Libc.O_RDWR | Libc.O_CLOEXEC) : null;
        Task importing = _store.Store.ImportAsync(new ImageImportOptions { Path = pipe }, null, cancel.Token);
        while (_store.Ingests.Length == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => importing);
        Assert.Empty(_store.Ingests);
        // So that the thread comes to its end.
        using SafeFileHandle last = Libc.Open(pipe, Libc.O_RDWR | Libc.O_CLOEXEC);
    }

    private Task<IReadOnlyList<ContainerImage>> ImportAsync(string path, long? maximumLayerSize = null) => _store.Store.ImportAsync(
        new ImageImportOptions { Path = path, MaximumLayerSize = maximumLayerSize }, null, TestContext.Current.CancellationToken);

    private static void MakePipe(string path)
    {
        using Process process = Process.Start("mkfifo", [path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static void Feed(string pipe, byte[] content)
    {
        using FileStream stream = new(pipe, FileMode.Open, FileAccess.Write);
        try
        {
            stream.Write(content);
        }
        catch (IOException)
        {
            // The reader has had enough.
        }
    }

    [Theory]
    [InlineData(300, false)]
    [InlineData(300, true)]
    [InlineData(6000, false)]
    public async Task A_name_that_no_file_system_takes(int length, bool folder)
    {
        string name = length > 4096 ? string.Concat(Enumerable.Repeat("folder/", length / 7)) : new string('x', length);
        byte[] layer = new TarBuilder().Pax(("path", folder ? name + "/file" : name)).File("x", "x").Build();
        ContainerException error = await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, _builder.Layout(ImageBuilder.Named(_builder.OciImage([layer]), "one:1")).Tar());
        Assert.Contains("The layer sha256:", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 400, error.Message);
    }

    [Theory]
    [InlineData("layer")]
    [InlineData("root file system")]
    [InlineData("archive")]
    public async Task What_grows_beyond_the_limit_when_it_is_decompressed(string what)
    {
        byte[] zeros = new TarBuilder().Folder("etc").File("etc/zeros", new byte[20_000_000]).Build();
        byte[] archive = what switch
        {
            "layer" => _builder.Layout(ImageBuilder.Named(_builder.OciImage([zeros]), "one:1")).Tar(),
            "root file system" => ImageBuilder.Gzip(zeros),
            _ => ImageBuilder.Gzip(_builder.DockerManifest(_builder.DockerImage([zeros], "one:1")).Tar()),
        };
        ContainerException error = await _store.RefusedAsync(ErrorCode.SizeLimitExceeded, archive, maximumLayerSize: 1_000_000);
        Assert.Contains("more than 1000000 bytes", error.Message, StringComparison.Ordinal);
        // By default there is room for much more.
        Assert.Single(await _store.ImportAsync(archive));
    }

    [Fact]
    public void Where_no_limit_is_given_it_follows_the_compressed_size()
    {
        Assert.Equal(4L << 30, DecompressedSize.Maximum(1000, null));
        Assert.Equal(200L << 30, DecompressedSize.Maximum(1L << 30, null));
        Assert.Equal(long.MaxValue, DecompressedSize.Maximum(long.MaxValue / 2, null));
        Assert.Equal(5, DecompressedSize.Maximum(1000, 5));
    }

    [Fact]
    public async Task A_folder_that_is_no_layout()
    {
        string folder = Path.Combine(_store.Folder, "folder");
        Directory.CreateDirectory(folder);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => _store.Store.ImportAsync(new ImageImportOptions { Path = folder }, null, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.ArchiveCorrupt, error.Code);
    }

    [Fact]
    public async Task Truncation_anywhere_is_noticed()
    {
        byte[] plain = new TarBuilder().Folder("etc").File("etc/a", new string('x', 3000)).File("etc/b", "y").Build();
        int kind = 0;
        byte[] docker = _builder.DockerManifest(_builder.DockerImage([Layer], "one:1")).Tar();
        foreach (byte[] archive in new[] { plain, ImageBuilder.Gzip(plain), ImageBuilder.Zstd(plain), docker, ImageBuilder.Gzip(docker) })
        {
            // Of the two blocks that end a tar, the second says nothing new.
            int end = archive[0] is 0x1F or 0x28 ? archive.Length - 1 : archive.Length - 1024;
            for (int length = 1; length < end - 12; length += Math.Max(1, end / 60)) await RefusedAsync(archive[..length]);
            // Images without the mark that closes their archive are whole: their digests say so. A root file system has none.
            if (archive == docker) end--;
            for (int length = end - 12; length <= end; length++) await RefusedAsync(archive[..length]);
            kind++;
        }

        async Task RefusedAsync(byte[] archive)
        {
            ContainerException? error = await Record.ExceptionAsync(() => _store.ImportAsync(archive)) as ContainerException;
            Assert.True(error?.Code is ErrorCode.ArchiveCorrupt or ErrorCode.DigestMismatch, $"{kind}, {archive.Length} bytes: {error?.Code}: {error?.Message}");
            Assert.Empty(_store.Layers);
        }
    }

    [Fact]
    public async Task A_docker_archive_whose_layer_was_changed()
    {
        JsonObject image = _builder.DockerImage([Layer], "one:1");
        string path = image["Layers"]![0]!.GetValue<string>();
        byte[] changed = (byte[])Layer.Clone();
        changed[700] ^= 1;
        _builder.Files[path] = changed;
        ContainerException error = await _store.RefusedAsync(ErrorCode.DigestMismatch, _builder.DockerManifest(image).Tar());
        Assert.Contains(ImageBuilder.Digest(Layer), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_layer_is_a_wrong_digest_even_if_it_cannot_be_unpacked()
    {
        byte[] blob = ImageBuilder.Gzip(Layer);
        JsonObject manifest = _builder.OciImage([Layer]);
        string name = $"blobs/sha256/{ImageBuilder.Digest(blob)[7..]}";
        byte[] changed = (byte[])blob.Clone();
        changed[blob.Length / 2] ^= 0xFF;
        _builder.Files[name] = changed;
        await _store.RefusedAsync(ErrorCode.DigestMismatch, _builder.Layout(manifest).Tar());
        _builder.Files[name] = blob[..^10];
        await _store.RefusedAsync(ErrorCode.DigestMismatch, _builder.Layout(manifest).Tar());
        _builder.Files[name] = Layer;
        await _store.RefusedAsync(ErrorCode.DigestMismatch, _builder.Layout(manifest).Tar());
    }

    [Fact]
    public async Task A_layer_whose_diff_id_is_another()
    {
        byte[] other = new TarBuilder().File("other", "x").Build();
        byte[] config = ImageBuilder.Bytes(ImageBuilder.Config([other]));
        byte[] blob = ImageBuilder.Gzip(Layer);
        _builder.Blob(config);
        _builder.Blob(blob);
        byte[] manifest = ImageBuilder.Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = ImageBuilder.Descriptor("application/vnd.oci.image.config.v1+json", config),
            ["layers"] = new JsonArray(ImageBuilder.Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob)),
        });
        _builder.Blob(manifest);
        await _store.RefusedAsync(
            ErrorCode.DigestMismatch, _builder.Layout(ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", manifest)).Tar());
    }

    [Fact]
    public async Task A_layer_that_was_made_badly_is_damage_although_its_digest_is_right()
    {
        byte[] bad = [.. new TarBuilder().File("a", "x").Build(closed: false), .. Encoding.UTF8.GetBytes(new string('?', 512))];
        await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, _builder.Layout(_builder.OciImage([bad])).Tar());
        byte[] evil = new TarBuilder().File("../evil", "x").Build();
        await _store.RefusedAsync(ErrorCode.ArchiveUnsafe, new ImageBuilder().Apply(builder => builder.Layout(builder.OciImage([Layer, evil]))).Tar());
        await _store.RefusedAsync(ErrorCode.ArchiveUnsafe, evil);
        await _store.RefusedAsync(ErrorCode.ArchiveUnsafe, ImageBuilder.Gzip(new TarBuilder().Folder("etc").SymbolicLink("etc/a", "/tmp").File("etc/a/evil", "x").Build()));
    }

    [Theory]
    [InlineData("oci-image")]
    [InlineData("docker-image")]
    public async Task Changed_documents_are_wrong_digests(string kind)
    {
        if (kind == "oci-image") _builder.Layout(_builder.OciImage([Layer]));
        else _builder.DockerManifest(_builder.DockerImage([Layer], "one:1"));
        foreach (string name in _builder.Files.Keys.Where(name => _builder.Files[name].Length < 2000 && (name.StartsWith("blobs/", StringComparison.Ordinal) || name.Length == 69)).ToList())
        {
            byte[] content = _builder.Files[name];
            if (content[0] != '{') continue;
            _builder.Files[name] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content).Replace("amd64", "amd65", StringComparison.Ordinal) + " ");
            await _store.RefusedAsync(ErrorCode.DigestMismatch, _builder.Tar());
            _builder.Files[name] = content;
        }

        Assert.Single(await _store.ImportAsync(_builder.Tar()));
    }

    [Fact]
    public async Task Missing_pieces_are_named()
    {
        _builder.Layout(_builder.OciImage([Layer]));
        foreach (string name in _builder.Files.Keys.Where(name => name.StartsWith("blobs/", StringComparison.Ordinal)).ToList())
        {
            byte[] content = _builder.Files[name];
            _builder.Files.Remove(name);
            ContainerException error = await _store.RefusedAsync(ErrorCode.ArchiveCorrupt, _builder.Tar());
            Assert.Contains("lacks", error.Message, StringComparison.Ordinal);
            _builder.Files[name] = content;
        }
    }

    public static TheoryData<string, string> BadIndexes => new()
    {
        { "not JSON", "{" },
        { "an empty list", """{"schemaVersion":2,"manifests":[]}""" },
        { "null", "null" },
        { "no list", """{"schemaVersion":2}""" },
        { "a list of null", """{"schemaVersion":2,"manifests":[null]}""" },
        { "a digest that is a path", """{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../../../../etc/passwd","size":1}]}""" },
        { "no digest", """{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1}]}""" },
        { "a size that is text", """{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"","size":"1"}]}""" },
        { "SHA-512", """{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha512:00","size":1}]}""" },
    };

    [Theory]
    [MemberData(nameof(BadIndexes))]
    public async Task Bad_indexes_are_refused(string what, string json)
    {
        _builder.Layout(_builder.OciImage([Layer]));
        _builder.Files["index.json"] = Encoding.UTF8.GetBytes(json);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _store.ImportAsync(_builder.Tar()));
        Assert.True(error.Code is ErrorCode.ImageCorrupt or ErrorCode.ImageUnsupported, $"{what}: {error.Code}: {error.Message}");
        Assert.Empty(await _store.ListAsync());
    }

    [Fact]
    public async Task Indexes_in_indexes_come_to_an_end()
    {
        JsonObject descriptor = ImageBuilder.For(_builder.OciImage([Layer]), "linux", "amd64");
        for (int depth = 0; depth < 10; depth++) descriptor = _builder.InnerIndex(descriptor);
        await _store.RefusedAsync(ErrorCode.ImageCorrupt, _builder.Layout(descriptor).Tar());
    }

    [Fact]
    public async Task Documents_and_stacks_that_are_too_large()
    {
        ImageBuilder large = new();
        large.Layout(large.OciImage([Layer]));
        large.Files["index.json"] = [.. large.Files["index.json"], .. Encoding.UTF8.GetBytes(new string(' ', 5_000_000))];
        await _store.RefusedAsync(ErrorCode.ImageCorrupt, large.Tar());
        byte[] empty = new byte[1024];
        ImageBuilder deep = new();
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, deep.Layout(deep.OciImage([.. Enumerable.Repeat(empty, 10_000)])).Tar());
    }

    [Theory]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")]
    [InlineData("application/octet-stream")]
    public async Task Layers_of_other_kinds_are_refused(string mediaType)
    {
        JsonObject manifest = _builder.OciImage([Layer]);
        string name = $"blobs/sha256/{manifest["digest"]!.GetValue<string>()[7..]}";
        byte[] changed = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(_builder.Files[name]).Replace("application/vnd.oci.image.layer.v1.tar\\u002Bgzip", mediaType, StringComparison.Ordinal));
        Assert.NotEqual(_builder.Files[name], changed);
        _builder.Blob(changed);
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, _builder.Layout(ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", changed)).Tar());
    }

    [Fact]
    public async Task An_artifact_is_no_image()
    {
        byte[] manifest = Encoding.UTF8.GetBytes(
            """{"schemaVersion":2,"artifactType":"text/plain","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}""");
        _builder.Blob(manifest);
        await _store.RefusedAsync(ErrorCode.ImageUnsupported, _builder.Layout(ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", manifest)).Tar());
    }

    [Fact]
    public async Task Any_damage_to_an_archive_is_an_error_or_does_not_matter()
    {
        _builder.Layout(ImageBuilder.Named(_builder.OciImage([new TarBuilder().File("a", "x").Build()]), "one:1"));
        byte[] seed = _builder.DockerManifest().Tar();
        Random random = new(42);
        for (int round = 0; round < 400; round++)
        {
            byte[] archive = (byte[])seed.Clone();
            for (int changes = random.Next(1, 4); changes > 0; changes--) archive[random.Next(archive.Length)] = (byte)random.Next(256);
            try
            {
                await _store.ImportAsync(archive);
            }
            catch (ContainerException error)
            {
                Assert.Contains(error.Code, new[]
                {
                    ErrorCode.ArchiveCorrupt, ErrorCode.ArchiveUnsafe, ErrorCode.DigestMismatch, ErrorCode.ImageCorrupt, ErrorCode.ImageUnsupported,
                });
            }
        }

        Assert.Empty(_store.Ingests);
    }
}

internal static class BuilderExtensions
{
    public static ImageBuilder Apply(this ImageBuilder builder, Action<ImageBuilder> action)
    {
        action(builder);
        return builder;
    }
}
