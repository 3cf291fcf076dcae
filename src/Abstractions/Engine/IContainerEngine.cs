namespace ContainerTools;

/// <summary>
/// A container engine: this machine's own (ContainerTools.Runtime) or a remote one (ContainerTools.Client). All
/// members may be called from several threads at once. Errors are <see cref="ContainerException"/>s.
/// </summary>
public interface IContainerEngine : IAsyncDisposable
{
    /// <summary>Containers.</summary>
    IContainerOperations Containers { get; }

    /// <summary>Images.</summary>
    IImageOperations Images { get; }

    /// <summary>Image registries.</summary>
    IRegistryOperations Registries { get; }

    /// <summary>Volumes.</summary>
    IVolumeOperations Volumes { get; }

    /// <summary>The room that all of it takes up.</summary>
    IStorageOperations Storage { get; }

    /// <summary>Networks.</summary>
    INetworkOperations Networks { get; }

    /// <summary>The machine itself.</summary>
    IHostOperations Host { get; }
}
