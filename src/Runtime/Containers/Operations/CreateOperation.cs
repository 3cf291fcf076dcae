using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Makes a container. It is there for every reader when container.json is; until then, each step has its undo.</summary>
internal static class CreateOperation
{
    private const int Attempts = 100;

    /// <summary>Makes it.</summary>
    public static async Task<Container> RunAsync(ContainerServices services, ContainerCreateOptions options, CancellationToken cancellationToken)
    {
        if (options.Name is { } wanted) ContainerName.Check(wanted);
        using IDisposable kept = services.Images.Hold(cancellationToken);
        StoredImage image = await services.Images.ResolveAsync(options.Image, cancellationToken).ConfigureAwait(false);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            string id = ContainerName.NewId();
            ContainerConfiguration configuration = NetworkMode.Resolve(services, ConfigurationMerge.Merge(image.Image.Configuration, options, id), options.HostName);
            // Said at once, and not at the first start: it is the default, which nobody has asked for by name.
            if (configuration.NetworkMode == NetworkStore.DefaultName) PacketFilter.CheckTool();
            LayerView files = new(image.LayerFolders);
            ImageUsers.Check(files, configuration.User, configuration.AdditionalGroups);
            services.Store.EnsureFolders();
            string folder = services.Paths.Container(id);
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using ContainerLock? held = await ContainerLock.TakeAsync(folder, cancellationToken).ConfigureAwait(false);
            // Between mkdir and lock, a command that clears up may have taken the empty folder for one whose maker had died.
            if (held is null) continue;
            // Until the record says which volumes it uses, nobody removes one.
            using StoreLock? volumes = configuration.Mounts.Any(mount => mount.Type == ContainerMountType.Volume) ? services.Volumes.TakeShared(cancellationToken) : null;
            return Make(services, options, image, id, configuration, files, cancellationToken);
        }

        throw new ContainerException(ErrorCode.KernelError, "A new container's folder was removed again and again while it was being made.", options.Name);
    }

    private static Container Make(
        ContainerServices services, ContainerCreateOptions options, StoredImage image, string id, ContainerConfiguration configuration, LayerView files,
        CancellationToken cancellationToken)
    {
        ContainerFiles paths = services.Store.Files(id);
        UndoList undo = new();
        try
        {
            undo.Push(() => ContainerFolder.Delete(paths.Folder));
            string name = ReserveName(services.Store.Names, options.Name, id);
            undo.Push(() => services.Store.Names.Release(name, id));
            if (configuration.UserNamespace)
            {
                uint first = services.IdRanges.Reserve(id);
                undo.Push(() => services.IdRanges.Release(first, id));
                configuration = configuration with { UserNamespaceHostId = first, UserNamespaceSize = IdRanges.Size };
            }

            (IReadOnlyList<ContainerMount> mounts, IReadOnlyList<string> anonymous) = MakeVolumes(services, configuration, files, paths, undo, cancellationToken);
            configuration = configuration with { Mounts = mounts };
            KeepSeccompProfile(configuration, paths);

            undo.Push(() => services.Driver.Remove(paths.Folder));
            services.Driver.Prepare(paths.Folder, image.LayerFolders, configuration.UserNamespaceHostId, cancellationToken);

            ContainerRecord record = new()
            {
                Id = id,
                Name = name,
                Image = options.Image,
                ImageId = image.Image.Id,
                Layers = [.. image.LayerFolders.Select(layer => Relative(services.Paths.Layers, layer))],
                StorageDriver = services.Driver.Name,
                CreatedAt = DateTimeOffset.UtcNow,
                Labels = ConfigurationMerge.Labels(image.Image.Labels, options.Labels),
                Configuration = configuration,
                AnonymousVolumes = anonymous,
            };
            services.Store.Write(record);
            undo.Push(() => File.Delete(paths.Record));

            // From here on the image is in use. Had it been removed while this container was made, its layers would be gone.
            if (image.LayerFolders.FirstOrDefault(layer => !Directory.Exists(layer)) is not null)
            {
                throw new ContainerException(ErrorCode.ImageNotFound, $"The image '{options.Image}' was removed while a container was made from it.", options.Image);
            }

            if (anonymous.Count > 0) File.Delete(paths.DoomedVolumes);
            services.Store.Names.Sync();
            AtomicFile.SyncFolder(services.Paths.Containers);
            undo.Clear();
            return Snapshot.Of(record, services.StateReader.Read(id, hasRunFolder: false), paths);
        }
        finally
        {
            undo.Run();
        }
    }

    // The container goes by the profile as it is now, whatever becomes of the file; and what is wrong with it shows now.
    private static void KeepSeccompProfile(ContainerConfiguration configuration, ContainerFiles paths)
    {
        if (configuration.Privileged || configuration.SeccompProfile is null or "unconfined") return;
        _ = SeccompProfileFile.Load(configuration.SeccompProfile, []);
        File.Copy(configuration.SeccompProfile, paths.SeccompProfile);
    }

    private static string ReserveName(ContainerNames names, string? wanted, string id)
    {
        if (wanted is not null)
        {
            return names.TryReserve(wanted, id)
                ? wanted
                : throw new ContainerException(
                    ErrorCode.ContainerNameInUse, $"A container with the name '{wanted}' is there already; remove it, or take another name.", wanted);
        }

        for (int attempt = 0; ; attempt++)
        {
            string name = ContainerName.Generate(attempt);
            if (names.TryReserve(name, id)) return name;
        }
    }

    private static (IReadOnlyList<ContainerMount> Mounts, IReadOnlyList<string> Anonymous) MakeVolumes(
        ContainerServices services, ContainerConfiguration configuration, LayerView files, ContainerFiles paths, UndoList undo, CancellationToken cancellationToken)
    {
        List<ContainerMount> mounts = [];
        List<string> anonymous = [];
        foreach (ContainerMount mount in configuration.Mounts)
        {
            if (mount.Type != ContainerMountType.Volume)
            {
                mounts.Add(mount);
                continue;
            }

            string name = mount.Source;
            if (name.Length == 0)
            {
                name = ContainerName.NewId();
                anonymous.Add(name);
                // Before it is there: were this to die now, it would go with the folder.
                File.WriteAllLines(paths.DoomedVolumes, anonymous);
                undo.Push(() => services.Volumes.Remove(name));
            }

            Action<string>? fill = mount.Options.Contains("nocopy") ? null : folder => FillVolume(files, mount.Destination, folder, cancellationToken);
            // Something of another kind is mounted there; it has its own content.
            if (services.Volumes.Record(name) is not { DriverOptions.Count: > 0 }) services.Volumes.Ensure(name, fill, cancellationToken);
            mounts.Add(mount with { Source = name, Options = [.. mount.Options.Where(option => option != "nocopy")] });
        }

        return (mounts, anonymous);
    }

    /// <summary>Copies what the image has at a path into a new volume; leaves it empty where the image has no folder there.</summary>
    private static void FillVolume(LayerView files, string path, string target, CancellationToken cancellationToken)
    {
        if (files.Find(path) is not { Status.IsFolder: true } folder) return;
        foreach (string layer in folder.HostFolders.Reverse()) LayerMerge.Apply(layer, target, 0, cancellationToken);
    }

    private static string Relative(string root, string path)
    {
        string relative = Path.GetRelativePath(root, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
