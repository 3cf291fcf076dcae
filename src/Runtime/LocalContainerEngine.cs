using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Hosts;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Networks;
using ContainerTools.Runtime.Storage;
using ContainerTools.Runtime.Volumes;

namespace ContainerTools.Runtime;

/// <summary>
/// The engine of this machine. It has no daemon and keeps nothing open: its state is the files below its <see cref="EnginePaths"/>, so any
/// number of engines in any number of processes work side by side.
/// </summary>
public sealed class LocalContainerEngine : IContainerEngine
{
    private readonly ContainerServices _services;

    /// <summary>An engine over the given folders; they need not exist.</summary>
    /// <param name="paths">Where it keeps its files.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.InvalidArgument"/> for an unknown storage driver in the environment; <see cref="ErrorCode.InvalidConfiguration"/> for
    /// the machine's configuration.
    /// </exception>
    public LocalContainerEngine(EnginePaths paths)
        : this(paths, MachineFiles.Current)
    {
    }

    /// <summary>An engine that is configured elsewhere than by the machine's files.</summary>
    internal LocalContainerEngine(EnginePaths paths, MachineFiles files)
    {
        ImageStore images = new(paths, UsesAsync) { Policy = () => TrustPolicy.Load(files.Registries().PolicyFiles) };
        IStorageDriver driver = StorageDrivers.Select(paths, EngineConfiguration.Load(files.Configuration).StorageDriver);
        _services = new ContainerServices(paths, images, driver, static path => CgroupHost.Current.Open(path));
        Containers = new LocalContainerOperations(_services);
        Images = images;
        Networks = new LocalNetworkOperations(_services);
        Volumes = new LocalVolumeOperations(_services);
        Storage = new LocalStorageOperations(_services, images, this);
        Registries = new LocalRegistryOperations(paths, images, files.ReadRegistries);
        Host = new LocalHostOperations(paths);
    }

    /// <inheritdoc/>
    public IContainerOperations Containers { get; }

    /// <inheritdoc/>
    public IImageOperations Images { get; }

    /// <inheritdoc/>
    public INetworkOperations Networks { get; }

    /// <inheritdoc/>
    public IRegistryOperations Registries { get; }

    /// <inheritdoc/>
    public IVolumeOperations Volumes { get; }

    /// <inheritdoc/>
    public IStorageOperations Storage { get; }

    /// <inheritdoc/>
    public IHostOperations Host { get; }

    /// <summary>The engine of the current user, over <see cref="EnginePaths.Default"/>.</summary>
    public static IContainerEngine Open() => new LocalContainerEngine(EnginePaths.Default);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async IAsyncEnumerable<ImageUse> UsesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Container container in Containers.ListAsync(ContainerFilter.All, cancellationToken).ConfigureAwait(false))
        {
            bool runs = container.State is ContainerState.Running or ContainerState.Paused or ContainerState.Restarting;
            yield return new ImageUse(container.Name, container.ImageId, runs) { Layers = LayersOf(container.Id) };
        }
    }

    /// <summary>The chain ids of a container's layers, as far as they are in the engine's folder.</summary>
    private string[] LayersOf(string container)
    {
        try
        {
            // The folder of a layer is named by its chain id.
            return
            [
                .. (_services.Store.TryRead(container)?.Layers ?? [])
                    .Select(layer => ImageDigest.Prefix + layer.Split('/')[0]).Where(ImageDigest.IsValid),
            ];
        }
        catch (ContainerException error) when (error.Code == ErrorCode.StateCorrupt)
        {
            // It has no image either, by which nothing is swept away.
            return [];
        }
    }
}
