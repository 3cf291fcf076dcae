using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>A store in a temporary folder; needs no privileges.</summary>
internal sealed class TemporaryStore : IDisposable
{
    public TemporaryStore()
    {
        Folder = Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");
        Directory.CreateDirectory(Folder);
        Paths = new EnginePaths(Path.Combine(Folder, "root"), Path.Combine(Folder, "run"));
        Store = NewStore();
    }

    public string Folder { get; }

    public EnginePaths Paths { get; }

    public ImageStore Store { get; }

    public List<ImageUse> Uses { get; } = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public string BlobFolder => Path.Combine(Paths.Images, "blobs", "sha256");

    public string[] Blobs => Directory.Exists(BlobFolder) ? Directory.GetFiles(BlobFolder) : [];

    public string[] Layers => Directory.Exists(Paths.Layers) ? Directory.GetDirectories(Paths.Layers) : [];

    public string[] Ingests => Directory.Exists(IngestFolder) ? Directory.GetDirectories(IngestFolder) : [];

    public string IngestFolder => Path.Combine(Paths.Root, "ingest");

    /// <summary>The store as another process finds it.</summary>
    public ImageStore NewStore() => new(Paths, _ => Uses.ToAsyncEnumerable());

    public string Write(string name, byte[] content)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public Task<IReadOnlyList<ContainerImage>> ImportAsync(byte[] archive, string? reference = null, string? platform = null, long? maximumLayerSize = null)
        => Store.ImportAsync(
            new ImageImportOptions { Path = Write("archive", archive), Reference = reference, Platform = platform, MaximumLayerSize = maximumLayerSize }, null, Token);

    public async Task<List<ContainerImage>> ListAsync() => await NewStore().ListAsync(Token).ToListAsync(Token);

    /// <summary>A failed import leaves nothing behind.</summary>
    public async Task<ContainerException> RefusedAsync(
        ErrorCode code, byte[] archive, string? reference = null, string? platform = null, long? maximumLayerSize = null)
    {
        int blobs = Blobs.Length;
        int layers = Layers.Length;
        int images = (await ListAsync()).Count;
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => ImportAsync(archive, reference, platform, maximumLayerSize));
        Assert.True(error.Code == code, $"{error.Code} instead of {code}: {error.Message}");
        Assert.Equal((blobs, layers, images), (Blobs.Length, Layers.Length, (await ListAsync()).Count));
        Assert.Empty(Ingests);
        return error;
    }

    public void Dispose() => FolderRemoval.Remove(Folder);
}
