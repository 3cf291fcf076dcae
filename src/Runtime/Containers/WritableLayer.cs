using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Layers.Changes;

namespace ContainerTools.Runtime.Containers;

/// <summary>What a container has in its root file system, read from the host without a mount.</summary>
internal static class WritableLayer
{
    /// <summary>Where the launch mounts something in every container (<see cref="SpecMounts"/>).</summary>
    private static readonly string[] StandardMounts =
        ["dev", "dev/pts", "dev/shm", "dev/mqueue", "proc", "sys", "sys/fs/cgroup", "etc/hosts", "etc/hostname", "etc/resolv.conf"];

    /// <summary>Finds what a container has changed. Mount points that were made for it, and folders for them, are no change of its own.</summary>
    public static void FindChanges(ContainerServices services, ContainerRecord record, Action<RootEntry> found)
    {
        using MountPointFilter filter = new([.. StandardMounts, .. record.Configuration.Mounts.Select(mount => mount.Destination.Trim('/'))], found);
        DriverOf(services, record).FindChanges(services.Paths.Container(record.Id), services.LayerFolders(record), OwnerOf(record), filter.Take);
        filter.Finish();
    }

    /// <summary>Goes through all that the container sees, except for what is in its mounts.</summary>
    public static void Walk(ContainerServices services, ContainerRecord record, Action<RootEntry> found)
        => RootWalk.Run(DriverOf(services, record).RootFolders(services.Paths.Container(record.Id), services.LayerFolders(record), OwnerOf(record)), found);

    private static IStorageDriver DriverOf(ContainerServices services, ContainerRecord record) => RecordedDriver.Of(record.StorageDriver, services.Driver);

    private static uint OwnerOf(ContainerRecord record) => record.Configuration.UserNamespace ? record.Configuration.UserNamespaceHostId : 0;
}
