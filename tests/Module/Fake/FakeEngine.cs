using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ContainerTools.Module.Tests;

/// <summary>An engine in memory: enough of one to see what the cmdlets ask of an engine and what they make of its answers.</summary>
internal sealed class FakeEngine : IContainerEngine, IContainerOperations, IImageOperations, IHostOperations, INetworkOperations
{
    private readonly List<Container> _containers = [];
    private readonly Lock _gate = new();
    private int _next;

    public List<ContainerImage> ImageList { get; } = [];

    public List<HostCapability> Capabilities { get; } = [];

    /// <summary>What was asked, in order: <c>stop web</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Runs inside each operation, given its name and the container's: may wait, or throw.</summary>
    public Func<string, string, CancellationToken, Task>? During { get; set; }

    public ContainerCreateOptions? LastCreate { get; private set; }

    public ContainerStopOptions? LastStop { get; private set; }

    public ContainerRemoveOptions? LastRemove { get; private set; }

    public ContainerLimit? LastLimit { get; private set; }

    public ContainerLogOptions? LastLog { get; private set; }

    public ContainerExecOptions? LastExec { get; private set; }

    public ImageImportOptions? LastImport { get; private set; }

    public List<ContainerLogEntry> Log { get; } = [];

    /// <summary>Makes the session of exec and attach.</summary>
    public Func<IContainerSession> Session { get; set; } = () => new FakeSession();

    public IContainerOperations Containers => this;

    public IImageOperations Images => this;

    public FakeRegistries Registries { get; } = new();

    IRegistryOperations IContainerEngine.Registries => Registries;

    public FakeVolumes Volumes { get; } = new();

    IVolumeOperations IContainerEngine.Volumes => Volumes;

    IStorageOperations IContainerEngine.Storage { get; } = new FakeStorage();

    public INetworkOperations Networks => this;

    public List<ContainerNetwork> NetworkList { get; } = [];

    public NetworkCreateOptions? LastNetwork { get; private set; }

    public IHostOperations Host => this;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Container Add(string name, ContainerState state = ContainerState.Created, string image = "busybox:latest", string? id = null)
    {
        int number = Interlocked.Increment(ref _next);
        Container container = new()
        {
            Id = id ?? number.ToString("x2", null).PadRight(64, 'f'),
            Name = name,
            Image = image,
            ImageId = "sha256:" + new string('a', 64),
            State = state,
            Command = ["sh", "-c", "echo hi"],
            CreatedAt = DateTimeOffset.UtcNow,
            Labels = new Dictionary<string, string> { ["tier"] = name },
            Configuration = new ContainerConfiguration(),
        };
        lock (_gate) _containers.Add(container);
        return container;
    }

    public Container Find(string container)
    {
        lock (_gate)
        {
            return _containers.FirstOrDefault(c => c.Id == container || c.Name == container)
                ?? _containers.FirstOrDefault(c => c.Id.StartsWith(container, StringComparison.Ordinal))
                ?? throw new ContainerException(ErrorCode.ContainerNotFound, $"There is no container '{container}'.", container);
        }
    }

    public bool Has(string name)
    {
        lock (_gate) return _containers.Any(c => c.Name == name);
    }

    public async IAsyncEnumerable<Container> ListAsync(ContainerFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        Container[] all;
        lock (_gate) all = [.. _containers];
        foreach (Container container in all)
        {
            if (filter.States is not null && !filter.States.Contains(container.State)) continue;
            if (filter.Image is not null && filter.Image != container.Image) continue;
            if (filter.Labels?.All(pair => container.Labels.TryGetValue(pair.Key, out string? value) && (pair.Value is null || pair.Value == value)) == false) continue;
            cancellationToken.ThrowIfCancellationRequested();
            yield return container;
        }
    }

    public Task<Container> GetAsync(string container, CancellationToken cancellationToken) => Task.FromResult(Find(container));

    public async Task<Container> CreateAsync(ContainerCreateOptions options, CancellationToken cancellationToken)
    {
        LastCreate = options;
        await Enter("create", options.Name ?? options.Image, cancellationToken);
        return Add(options.Name ?? "generated", ContainerState.Created, options.Image);
    }

    public Task<Container> StartAsync(string container, CancellationToken cancellationToken)
        => Change("start", container, c => c with { State = ContainerState.Running, StartedAt = DateTimeOffset.UtcNow, ProcessId = 10 }, cancellationToken);

    public Task<string> DescribeStartAsync(string container, CancellationToken cancellationToken)
        => Task.FromResult($"  0  execve /bin/{container}\n  1  exit\n");

    public Task<Container> StopAsync(string container, ContainerStopOptions options, CancellationToken cancellationToken)
    {
        LastStop = options;
        return Change("stop", container, Exited, cancellationToken);
    }

    public Task<Container> RestartAsync(string container, ContainerStopOptions options, CancellationToken cancellationToken)
    {
        LastStop = options;
        return Change("restart", container, c => c with { State = ContainerState.Running }, cancellationToken);
    }

    public Task<Container> PauseAsync(string container, CancellationToken cancellationToken)
        => Change("pause", container, c => c with { State = ContainerState.Paused }, cancellationToken);

    public Task<Container> ResumeAsync(string container, CancellationToken cancellationToken)
        => Change("resume", container, c => c with { State = ContainerState.Running }, cancellationToken);

    public Task SendSignalAsync(string container, string signal, CancellationToken cancellationToken)
        => Enter("signal " + signal, Find(container).Name, cancellationToken);

    public Task<Container> WaitAsync(string container, CancellationToken cancellationToken) => Change("wait", container, Exited, cancellationToken);

    public async Task RemoveAsync(string container, ContainerRemoveOptions options, CancellationToken cancellationToken)
    {
        LastRemove = options;
        Container found = Find(container);
        await Enter("remove", found.Name, cancellationToken);
        lock (_gate) _containers.RemoveAll(c => c.Id == found.Id);
    }

    public Task<Container> RenameAsync(string container, string newName, CancellationToken cancellationToken)
        => Change("rename", container, c => c with { Name = newName }, cancellationToken);

    public async IAsyncEnumerable<ContainerLogEntry> ReadLogAsync(
        string container, ContainerLogOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LastLog = options;
        Container found = Find(container);
        await Enter("log", found.Name, cancellationToken);
        foreach (ContainerLogEntry entry in Log.Where(entry => entry.Container == found.Name)) yield return entry;
    }

    public Task<IReadOnlyList<ContainerProcess>> GetProcessesAsync(string container, CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<ContainerProcess>>([]);

    public Task<ContainerLimit> GetLimitAsync(string container, CancellationToken cancellationToken)
        => Task.FromResult(new ContainerLimit { Memory = 512L << 20 });

    public async Task<ContainerLimit> SetLimitAsync(string container, ContainerLimit change, CancellationToken cancellationToken)
    {
        await Enter("limit", Find(container).Name, cancellationToken);
        LastLimit = change;
        return change;
    }

    public async Task<IContainerSession> ExecAsync(string container, ContainerExecOptions options, CancellationToken cancellationToken)
    {
        LastExec = options;
        await Enter("exec", Find(container).Name, cancellationToken);
        return Session();
    }

    public async Task<IContainerSession> AttachAsync(string container, ContainerAttachOptions options, CancellationToken cancellationToken)
    {
        await Enter("attach", Find(container).Name, cancellationToken);
        return Session();
    }

    async IAsyncEnumerable<ContainerImage> IImageOperations.ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (ContainerImage image in ImageList) yield return image;
    }

    Task<ContainerImage> IImageOperations.GetAsync(string image, CancellationToken cancellationToken) => Task.FromResult(FindImage(image));

    public async Task<IReadOnlyList<ContainerImage>> ImportAsync(
        ImageImportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        LastImport = options;
        await Enter("import", options.Path, cancellationToken);
        ContainerImage image = Image(options.Reference ?? "imported:latest");
        ImageList.Add(image);
        return [image];
    }

    public async Task<IReadOnlyList<ContainerImage>> RemoveAsync(string image, ImageRemoveOptions options, CancellationToken cancellationToken)
    {
        ContainerImage found = FindImage(image);
        await Enter("remove image", image, cancellationToken);
        ImageList.Remove(found);
        return [found];
    }

    public async Task<IReadOnlyList<ContainerChange>> GetChangesAsync(string container, CancellationToken cancellationToken)
    {
        await Enter("changes", container, cancellationToken);
        return [];
    }

    public async Task<string> ExportAsync(string container, ContainerExportOptions options, CancellationToken cancellationToken)
    {
        await Enter("export", container, cancellationToken);
        return options.Path;
    }

    public ContainerCommitOptions? LastCommit { get; private set; }

    public async Task<ContainerImage> CommitAsync(
        string container, ContainerCommitOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        LastCommit = options;
        await Enter("commit", container, cancellationToken);
        return ImageList[0];
    }

    public ImageExportOptions? LastExport { get; private set; }

    public async Task<IReadOnlyList<ContainerImage>> ExportAsync(
        IReadOnlyList<string> images, ImageExportOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        LastExport = options;
        await Enter("export image", string.Join(' ', images), cancellationToken);
        // As in a Docker archive, or when one platform is asked for.
        bool one = options.Format == ImageArchiveFormat.DockerArchive || options.Platform is not null;
        return [.. images.Select(FindImage).Select(image => one ? image with { Platforms = [.. image.Platforms.Take(1)] } : image)];
    }

    public async Task<IReadOnlyList<ContainerImageHistory>> GetHistoryAsync(string image, CancellationToken cancellationToken)
    {
        await Enter("history", image, cancellationToken);
        return [new ContainerImageHistory { ImageId = FindImage(image).Id, Image = image, Index = 1, CreatedBy = "sh" }];
    }

    public async Task<ContainerImage> AddTagAsync(string image, string reference, CancellationToken cancellationToken)
    {
        await Enter("add tag " + reference, image, cancellationToken);
        ContainerImage named = FindImage(image) with { Reference = reference };
        ImageList.Add(named);
        return named;
    }

    public async Task<ContainerImage> RemoveTagAsync(string reference, CancellationToken cancellationToken)
    {
        await Enter("remove tag", reference, cancellationToken);
        ContainerImage found = FindImage(reference);
        ImageList.Remove(found);
        return found with { Reference = null };
    }

    async IAsyncEnumerable<ContainerNetwork> INetworkOperations.ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (ContainerNetwork network in NetworkList.ToArray()) yield return network;
    }

    public async Task<ContainerNetwork> CreateAsync(NetworkCreateOptions options, CancellationToken cancellationToken)
    {
        LastNetwork = options;
        await Enter("create network", options.Name, cancellationToken);
        ContainerNetwork network = new() { Name = options.Name, Driver = options.Driver, Subnets = [], Interface = "ct-" + options.Name, Warnings = NetworkWarnings };
        NetworkList.Add(network);
        return network;
    }

    Task INetworkOperations.RemoveAsync(string network, CancellationToken cancellationToken)
    {
        NetworkList.RemoveAll(other => other.Name == network);
        return Enter("remove network", network, cancellationToken);
    }

    public async Task<ContainerNetwork> RepairAsync(string network, CancellationToken cancellationToken)
    {
        await Enter("repair network", network, cancellationToken);
        return NetworkList.Find(other => other.Name == network)! with { Warnings = NetworkWarnings };
    }

    /// <summary>What a new network has to say.</summary>
    public IReadOnlyList<string> NetworkWarnings { get; set; } = [];

    public NetworkAttachment? LastAttachment { get; private set; }

    public async Task<Container> ConnectAsync(string container, NetworkAttachment attachment, CancellationToken cancellationToken)
    {
        LastAttachment = attachment;
        await Enter($"connect {attachment.Network}", Find(container).Name, cancellationToken);
        return Find(container);
    }

    public async Task<Container> DisconnectAsync(string container, string network, CancellationToken cancellationToken)
    {
        await Enter($"disconnect {network}", Find(container).Name, cancellationToken);
        return Find(container);
    }

    public NetworkTestOptions? LastTest { get; private set; }

    /// <summary>What came of each address and port that is tested: all reached where nothing is said.</summary>
    public Func<int?, NetworkTestStatus> Reach { get; set; } = static _ => NetworkTestStatus.Reached;

    public async IAsyncEnumerable<NetworkTestResult> TestAsync(string container, NetworkTestOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LastTest = options;
        Container found = Find(container);
        await Enter($"test {options.Target}", found.Name, cancellationToken);
        for (int round = 1; round <= options.Count; round++)
        {
            foreach (int? port in options.Ports.Count > 0 ? options.Ports.Select(static port => (int?)port) : [null])
            {
                yield return new NetworkTestResult
                {
                    Container = found.Name,
                    ContainerId = found.Id,
                    Target = options.Target,
                    Port = port,
                    Protocol = options.Protocol ?? NetworkTestProtocol.Tcp,
                    Round = round,
                    Status = Reach(port),
                    NameSource = NameSource.NameServer,
                    RemoteAddress = System.Net.IPAddress.Parse("10.90.0.3"),
                };
            }
        }
    }

    public async IAsyncEnumerable<HostCapability> TestAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (HostCapability capability in Capabilities) yield return capability;
    }

    public static ContainerImage Image(string reference, char digit = 'b') => new()
    {
        Id = "sha256:" + new string(digit, 64),
        Digest = "sha256:" + new string('c', 64),
        Reference = reference,
        Repository = reference.Split(':')[0],
        Tag = reference.Split(':')[^1],
        Size = 1 << 20,
        OperatingSystem = "linux",
        Architecture = "amd64",
        Layers = [],
        Labels = new Dictionary<string, string>(),
        Configuration = new ImageConfiguration(),
    };

    private static Container Exited(Container container)
        => container with { State = ContainerState.Exited, ExitCode = 0, FinishedAt = DateTimeOffset.UtcNow, ProcessId = null };

    private ContainerImage FindImage(string image) => ImageList.FirstOrDefault(i => i.Reference == image || i.Id == image)
        ?? throw new ContainerException(ErrorCode.ImageNotFound, $"There is no image '{image}'.", image);

    private async Task<Container> Change(
        string operation, string container, Func<Container, Container> change, CancellationToken cancellationToken)
    {
        Container found = Find(container);
        await Enter(operation, found.Name, cancellationToken);
        lock (_gate)
        {
            int index = _containers.FindIndex(c => c.Id == found.Id);
            return _containers[index] = change(_containers[index]);
        }
    }

    private async Task Enter(string operation, string container, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"{operation} {container}");
        if (During is not null) await During(operation, container, cancellationToken);
    }
}
