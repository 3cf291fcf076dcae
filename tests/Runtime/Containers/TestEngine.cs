using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Oci;
using static ContainerTools.Runtime.Tests.Containers.TestToken;

namespace ContainerTools.Runtime.Tests.Containers;

/// <summary>The operations over folders of their own, with one image, a driver that makes plain folders, and cgroups in memory.</summary>
internal sealed class TestEngine : IImageStore, IStorageDriver, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-").FullName;

    public TestEngine()
    {
        Paths = new EnginePaths(Path.Combine(_folder, "root"), Path.Combine(_folder, "run"));
        Layer = Path.Combine(Paths.Layers, "base");
        Directory.CreateDirectory(Path.Combine(Layer, "etc"));
        File.WriteAllText(Path.Combine(Layer, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nmail:x:8:12::/var/mail:/bin/sh\n");
        File.WriteAllText(Path.Combine(Layer, "etc/group"), "root:x:0:\nmail:x:12:\n");
        Services = NewServices();
        Operations = new LocalContainerOperations(Services);
    }

    public EnginePaths Paths { get; }
    public string Layer { get; }
    public ContainerServices Services { get; }
    public IContainerOperations Operations { get; }
    public ImageConfiguration Image { get; set; } = new() { Command = ["/bin/sh"], Environment = ["LANG=C"] };
    public Dictionary<string, MemoryCgroup> Cgroups { get; } = [];
    public Action<string>? OnPrepare { get; set; }
    public string Name => "test";

    public ContainerServices NewServices() => new(Paths, this, this, path =>
    {
        if (!Cgroups.TryGetValue(path, out MemoryCgroup? cgroup)) Cgroups[path] = cgroup = new MemoryCgroup(path);
        return cgroup;
    });

    public ContainerCreateOptions Options(string? name = null) => new() { Image = "test", Name = name };

    public Task<Container> CreateAsync(string? name = null) => Operations.CreateAsync(Options(name), Cancel);

    public async Task<List<Container>> ListAsync(ContainerFilter? filter = null)
    {
        List<Container> all = [];
        await foreach (Container container in Operations.ListAsync(filter ?? ContainerFilter.All, Cancel)) all.Add(container);
        return all;
    }

    public Task ReleaseAsync(string imageId, CancellationToken cancellationToken) => Task.CompletedTask;

    public IDisposable Hold(CancellationToken cancellationToken) => new MemoryStream();

    public Task<StoredImage> ResolveAsync(string image, CancellationToken cancellationToken) => image == "test"
        ? Task.FromResult(new StoredImage(
            new ContainerImage
            {
                Id = "sha256:" + new string('a', 64),
                Digest = "sha256:" + new string('b', 64),
                Size = 1,
                OperatingSystem = "linux",
                Architecture = "amd64",
                Layers = [],
                Labels = new Dictionary<string, string> { ["of"] = "image" },
                Configuration = Image,
            },
            [Layer]))
        : throw new ContainerException(ErrorCode.ImageNotFound, $"There is no image '{image}'.", image);

    public void Prepare(string containerFolder, IReadOnlyList<string> layers, uint owner, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(containerFolder, "rootfs"));
        OnPrepare?.Invoke(containerFolder);
    }

    public OciMount? RootMount(
        string containerFolder, IReadOnlyList<string> layers, IReadOnlyList<OciIdMapping>? uidMappings, IReadOnlyList<OciIdMapping>? gidMappings) => null;

    public void FindChanges(string containerFolder, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found)
        => RootComparison.Find(Path.Combine(containerFolder, "rootfs"), layers, owner, found);

    public IReadOnlyList<(string Folder, uint Owner)> RootFolders(string containerFolder, IReadOnlyList<string> layers, uint owner)
        => [(Path.Combine(containerFolder, "rootfs"), owner)];

    public Task<ContainerImage> CommitAsync(ImageCommit commit, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
        => throw new NotSupportedException();

    public void Remove(string containerFolder)
    {
        if (Directory.Exists(Path.Combine(containerFolder, "rootfs"))) Directory.Delete(Path.Combine(containerFolder, "rootfs"), recursive: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    IAsyncEnumerable<ContainerImage> IImageOperations.ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    Task<ContainerImage> IImageOperations.GetAsync(string image, CancellationToken cancellationToken) => throw new NotSupportedException();
    Task<IReadOnlyList<ContainerImage>> IImageOperations.ImportAsync(
        ImageImportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken) => throw new NotSupportedException();
    Task<IReadOnlyList<ContainerImage>> IImageOperations.RemoveAsync(
        string image, ImageRemoveOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();
    Task<IReadOnlyList<ContainerImage>> IImageOperations.ExportAsync(
        IReadOnlyList<string> images, ImageExportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
        => throw new NotSupportedException();
    Task<IReadOnlyList<ContainerImageHistory>> IImageOperations.GetHistoryAsync(
        string image, CancellationToken cancellationToken) => throw new NotSupportedException();
    Task<ContainerImage> IImageOperations.AddTagAsync(
        string image, string reference, CancellationToken cancellationToken) => throw new NotSupportedException();
    Task<ContainerImage> IImageOperations.RemoveTagAsync(
        string reference, CancellationToken cancellationToken) => throw new NotSupportedException();
}
