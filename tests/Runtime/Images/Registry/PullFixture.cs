using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Tests.Images;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>A registry that can misbehave, a store, and the operations between them.</summary>
internal sealed class PullFixture : IDisposable
{
    public PullFixture() => Operations = NewOperations();

    public FakeRegistry Registry { get; } = new();

    public TemporaryStore Local { get; } = new();

    public RegistrySettings Settings { get; set; } = FakeRegistry.Impatient;

    public LocalRegistryOperations Operations { get; }

    public string DownloadFolder => Local.Paths.Downloads;

    public string[] Downloads => Directory.Exists(DownloadFolder) ? Directory.GetFiles(DownloadFolder) : [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The engine as another process has it.</summary>
    public LocalRegistryOperations NewOperations() => new(Local.Paths, Local.NewStore(), () => Settings);

    /// <summary>A layer of one file that does not compress.</summary>
    public static byte[] Layer(int seed, int size = 300_000)
    {
        byte[] content = new byte[size];
        new Random(seed).NextBytes(content);
        return new TarBuilder().File($"file-{seed}", content).Build();
    }

    /// <summary>Puts an image of some layers there; the digest of its manifest.</summary>
    public string Add(string name, params byte[][] layers)
    {
        ImageBuilder builder = new();
        string[] parts = name.Split(':');
        return Registry.Add(parts[0], parts[1], builder, builder.OciImage(layers));
    }

    public Task<ContainerImage> PullAsync(string name, Func<ImagePullOptions, ImagePullOptions>? change = null, IProgress<EngineProgress>? progress = null)
    {
        ImagePullOptions options = new() { Reference = $"{Registry.Host}/{name}", Access = FakeRegistry.Plain };
        return Operations.PullAsync(change is null ? options : change(options), progress, Token);
    }

    /// <summary>A failed pull leaves nothing behind that anybody sees.</summary>
    public async Task<ContainerException> RefusedAsync(ErrorCode code, string name, Func<ImagePullOptions, ImagePullOptions>? change = null)
    {
        int images = (await Local.ListAsync()).Count;
        (int, int) before = (Local.Blobs.Length, Local.Layers.Length);
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => PullAsync(name, change));
        Assert.True(error.Code == code, $"{error.Code} instead of {code}: {error.Message}");
        Assert.Equal(before, (Local.Blobs.Length, Local.Layers.Length));
        Assert.Equal(images, (await Local.ListAsync()).Count);
        Assert.Empty(Local.Ingests);
        return error;
    }

    public void Dispose()
    {
        Registry.Dispose();
        Local.Dispose();
    }
}
