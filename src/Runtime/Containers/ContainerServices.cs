using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Devices;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using ContainerTools.Runtime.Oci;
using ContainerTools.Runtime.Volumes;

namespace ContainerTools.Runtime.Containers;

/// <summary>What the operations on containers work with.</summary>
internal sealed class ContainerServices
{
    /// <summary>Services over a store.</summary>
    /// <param name="paths">Where the engine keeps its files.</param>
    /// <param name="images">The images.</param>
    /// <param name="driver">Makes writable layers.</param>
    /// <param name="openCgroup">Opens the cgroup of a path below each hierarchy's root; it need not exist.</param>
    public ContainerServices(EnginePaths paths, IImageStore images, IStorageDriver driver, Func<string, ICgroup> openCgroup)
    {
        Paths = paths;
        Images = images;
        Driver = driver;
        OpenCgroup = openCgroup;
        StateReader = new ContainerStateReader(paths);
        Volumes = new VolumeStore(paths);
        Store = new ContainerStore(paths, folder => RecordedDriver.RemoveLayer(folder, driver), RemoveOwnVolume);
        IdRanges = new IdRanges(paths);
        Networks = new NetworkStore(paths);
    }

    /// <summary>Where the engine keeps its files.</summary>
    public EnginePaths Paths { get; }
    /// <summary>The containers' folders.</summary>
    public ContainerStore Store { get; }
    /// <summary>Reads states.</summary>
    public ContainerStateReader StateReader { get; }
    /// <summary>The images.</summary>
    public IImageStore Images { get; }
    /// <summary>Makes the writable layers of new containers.</summary>
    public IStorageDriver Driver { get; }
    /// <summary>Opens the cgroup of a path below each hierarchy's root; it need not exist.</summary>
    public Func<string, ICgroup> OpenCgroup { get; }
    /// <summary>Whether the kernel can limit swap.</summary>
    public Func<bool> CanLimitSwap { get; init; } = static () => CgroupHost.Current.CanLimitSwap;
    /// <summary>Named volumes.</summary>
    public VolumeStore Volumes { get; }
    /// <summary>Host ids of user namespaces.</summary>
    public IdRanges IdRanges { get; }

    /// <summary>The networks.</summary>
    public NetworkStore Networks { get; }

    /// <summary>How containers ended that removed themselves.</summary>
    public RecentEnds Ends { get; } = new();

    /// <summary>The cgroup that those of all containers are in.</summary>
    public const string CgroupParent = "/containertools";

    /// <summary>The cgroup of a container below each hierarchy's root.</summary>
    public static string CgroupPath(string id) => CgroupParent + "/" + id;

    /// <summary>The folders of a container's layers, uppermost first.</summary>
    public IReadOnlyList<string> LayerFolders(ContainerRecord record) => [.. record.Layers.Select(layer => Path.Combine(Paths.Layers, layer))];

    /// <summary>
    /// Removes a volume that was made for a container which is gone. One that another container mounts by its name stays, and so does every one
    /// while a record cannot be read: it is not known what that container mounts.
    /// </summary>
    private void RemoveOwnVolume(string name)
    {
        if (!Directory.Exists(Volumes.FolderOf(name))) return;
        using StoreLock held = Volumes.TakeAlone(CancellationToken.None);
        if (Store.Records().Any(record => record.Damage is not null || record.Mounts(name))) return;
        Volumes.Remove(name);
    }

    /// <summary>
    /// Takes a container's lock, reads it again, and repairs it where that is needed: the beginning of every change.
    /// </summary>
    /// <param name="container">A name, an id, or the unique beginning of an id.</param>
    /// <param name="cancellationToken">Cancels the wait for the lock.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerIdAmbiguous"/>, <see cref="ErrorCode.StateCorrupt"/>.</exception>
    public async ValueTask<LockedContainer> LockAsync(string container, CancellationToken cancellationToken)
    {
        string id = Store.Resolve(container);
        ContainerLock held = await ContainerLock.TakeAsync(Paths.Container(id), cancellationToken).ConfigureAwait(false)
            ?? throw ContainerStore.NotFound(container);
        try
        {
            ContainerRecord record = Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
            return new LockedContainer(held, record, ReadRepaired(id));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Reads a container without its lock; repairs it where that is needed and nobody else is at it.</summary>
    public Container Inspect(ContainerRecord record, bool? hasRunFolder = null)
        => Snapshot.Of(record, InspectStatus(record.Id, hasRunFolder), Store.Files(record.Id));

    /// <summary>Reads a container's state without its lock; repairs it where that is needed and nobody else is at it.</summary>
    public ContainerStatus InspectStatus(string id, bool? hasRunFolder = null)
    {
        ContainerStatus status = StateReader.Read(id, hasRunFolder);
        if (status.Defect == StatusDefect.None) return status;
        // Held: a start is under way, or another command is repairing it already.
        using ContainerLock? held = ContainerLock.TryTake(Paths.Container(id));
        return held is not null ? ReadRepaired(id) : status;
    }

    /// <summary>What a container's OCI configuration is made from.</summary>
    /// <param name="record">The container.</param>
    /// <param name="forStart">Whether it is to be started by it; else what it needs of others need not be there.</param>
    public SpecInput SpecInput(ContainerRecord record, bool forStart = true)
    {
        IReadOnlyList<OciIdMapping>? map = SpecBuilder.IdMap(record.Configuration);
        return new SpecInput
        {
            Record = record,
            Files = Store.Files(record.Id),
            RootMount = RecordedDriver.Of(record.StorageDriver, Driver).RootMount(Paths.Container(record.Id), LayerFolders(record), map, map),
            AvailableCapabilities = record.Configuration.UserNamespace ? Capability.KernelMask() : Capability.AvailableMask(),
            Seccomp = capabilities => SeccompOf(record, capabilities),
            DeviceRules = DefaultDeviceRules.Create(),
            HostDevices = record.Configuration.Privileged ? HostDevices.Read() : [],
            HostHasSharedMemory = Directory.Exists("/dev/shm"),
            CanLimitSwap = record.Configuration.Limit.Memory is > 0 && CanLimitSwap(),
            VolumeData = Volumes.DataOf,
            VolumeOptions = name => Volumes.Record(name)?.DriverOptions ?? new Dictionary<string, string>(),
            NetworkNamespace = NetworkMode.NamespacePath(this, record.Configuration.NetworkMode, forStart),
        };
    }

    private OciSeccomp SeccompOf(ContainerRecord record, IReadOnlyList<string> capabilities) => record.Configuration.SeccompProfile is null
        ? DefaultSeccompProfile.Create(capabilities)
        : SeccompProfileFile.Load(Store.Files(record.Id).SeccompProfile, capabilities);

    /// <summary>Reads a container's state and repairs it where that is needed; the caller holds the lock.</summary>
    public ContainerStatus ReadRepaired(string id)
    {
        ContainerStatus status = StateReader.Read(id);
        if (status.Defect == StatusDefect.None) return status;
        Repair.Run(this, id, status);
        return StateReader.Read(id);
    }
}
