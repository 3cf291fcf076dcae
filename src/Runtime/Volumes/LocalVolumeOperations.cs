using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Images;

namespace ContainerTools.Runtime.Volumes;

/// <summary>The volumes of this machine.</summary>
internal sealed class LocalVolumeOperations(ContainerServices services) : IVolumeOperations
{
    private readonly VolumeStore _store = services.Volumes;

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerVolume>> ListAsync(CancellationToken cancellationToken) => Task.Run<IReadOnlyList<ContainerVolume>>(
        () =>
        {
            ILookup<string, ContainerRecord> users = Users();
            return [.. _store.Names().Order(StringComparer.Ordinal).Select(name => TryRead(name, users)).OfType<ContainerVolume>()];
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<ContainerVolume> GetAsync(string name, CancellationToken cancellationToken)
        => Task.Run(() => TryRead(name, Users()) ?? throw VolumeStore.NotFound(name), cancellationToken);

    /// <inheritdoc/>
    public Task<ContainerVolume> CreateAsync(VolumeCreateOptions options, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            string name = options.Name ?? ContainerName.NewId();
            if (!ContainerName.IsValid(name))
            {
                throw new ContainerException(
                    ErrorCode.InvalidArgument, $"'{name}' cannot be a volume's name; use two or more letters, digits, '_', '.' and '-', a letter or digit first.", name);
            }

            VolumeMount.Check(options.DriverOptions);
            foreach (string key in options.Labels.Keys)
            {
                if (key.Length == 0) throw new ContainerException(ErrorCode.InvalidArgument, "A label needs a name.", name);
            }

            services.Store.EnsureFolders();
            VolumeRecord record = new() { CreatedAt = DateTimeOffset.UtcNow, Labels = options.Labels, DriverOptions = options.DriverOptions };
            if (!_store.TryCreate(name, record, cancellationToken))
            {
                throw new ContainerException(ErrorCode.VolumeNameInUse, $"A volume with the name '{name}' is there already; remove it, or take another name.", name);
            }

            return TryRead(name, Users()) ?? throw VolumeStore.NotFound(name);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            if (!_store.Exists(name)) throw VolumeStore.NotFound(name);
            // Nobody makes a container meanwhile that is to use it.
            using (StoreLock held = _store.TakeAlone(cancellationToken))
            {
                if (!_store.Exists(name)) throw VolumeStore.NotFound(name);
                foreach (ContainerRecord record in services.Store.Records())
                {
                    if (record.Damage is not null)
                    {
                        throw new ContainerException(
                            ErrorCode.VolumeInUse,
                            $"The volume '{name}' may be used by the container '{record.Name}', whose record is damaged; remove that first, with -Force.", name);
                    }

                    if (record.Mounts(name))
                    {
                        throw new ContainerException(ErrorCode.VolumeInUse, $"The volume '{name}' is used by the container '{record.Name}'; remove that first.", name);
                    }
                }

                _store.Hide(name);
            }

            _store.RemoveHidden();
            _store.Unfinished(remove: true);
        }, cancellationToken);

    private ContainerVolume? TryRead(string name, ILookup<string, ContainerRecord> users)
    {
        if (!_store.Exists(name)) return null;
        VolumeRecord? record = null;
        string? damage = null;
        try
        {
            record = _store.Record(name);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.StateCorrupt)
        {
            // It is listed with what is known, so that it can be removed, and hides no other.
            damage = error.Message;
        }

        IReadOnlyDictionary<string, string> options = record?.DriverOptions ?? new Dictionary<string, string>();
        return new ContainerVolume
        {
            Name = name,
            CreatedAt = record?.CreatedAt ?? new DateTimeOffset(Directory.GetLastWriteTimeUtc(_store.FolderOf(name)), TimeSpan.Zero),
            Labels = record?.Labels ?? new Dictionary<string, string>(),
            DriverOptions = options,
            MountPoint = damage is null && options.Count == 0 ? _store.DataOf(name) : null,
            Damage = damage,
            Anonymous = damage is null && record is null && name.Length == 64 && ContainerName.IsIdPrefix(name),
            Containers = [.. users[name].Select(user => user.Name).Order(StringComparer.Ordinal)],
        };
    }

    private ILookup<string, ContainerRecord> Users() => services.Store.List()
        .SelectMany(record => record.Configuration.Mounts.Where(mount => mount.Type == ContainerMountType.Volume).Select(mount => (mount.Source, record)))
        .ToLookup(pair => pair.Source, pair => pair.record);
}
