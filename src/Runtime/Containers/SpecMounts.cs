using System.Globalization;
using ContainerTools.Runtime.Oci;
using ContainerTools.Runtime.Volumes;

namespace ContainerTools.Runtime.Containers;

/// <summary>The mounts of a container's OCI configuration: the root, the kernel's file systems, the engine's files, and what the user asked for.</summary>
internal static class SpecMounts
{
    /// <summary>Makes them, in the order they are mounted in.</summary>
    public static IReadOnlyList<OciMount> Build(SpecInput input)
    {
        ContainerConfiguration configuration = input.Record.Configuration;
        HashSet<string> taken = new(configuration.Mounts.Select(mount => mount.Destination), StringComparer.Ordinal);
        List<OciMount> mounts = [];
        if (input.RootMount is { } root) mounts.Add(root);
        foreach (OciMount mount in Standard(input))
        {
            // What the user mounts at the same place, or over the whole of /dev, stands for it.
            bool inUsersDev = taken.Contains("/dev") && mount.Destination.StartsWith("/dev/", StringComparison.Ordinal);
            if (!taken.Contains(mount.Destination) && !inUsersDev) mounts.Add(mount);
        }

        foreach (ContainerMount mount in configuration.Mounts) mounts.Add(Own(input, mount));
        return mounts;
    }

    private static List<OciMount> Standard(SpecInput input)
    {
        ContainerConfiguration configuration = input.Record.Configuration;
        string access = configuration.Privileged ? "rw" : "ro";
        List<OciMount> mounts =
        [
            New("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            New("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            New("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            New("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access),
            New("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", access),
        ];
        // The host's message queues where its IPC namespace is shared: the file system shows those of the namespace it is mounted in.
        mounts.Add(New("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
        if (configuration.IpcMode == "host" && input.HostHasSharedMemory)
        {
            mounts.Add(New("/dev/shm", "bind", "/dev/shm", "rbind", "nosuid", "noexec", "nodev"));
        }
        else
        {
            string size = string.Create(CultureInfo.InvariantCulture, $"size={configuration.SharedMemorySize}");
            mounts.Add(New("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", size));
        }

        // A read-only root does not make these read-only: they are the engine's files, and programs expect to be able to write them.
        mounts.Add(New("/etc/hosts", "bind", input.Files.Hosts, "rbind", "rprivate"));
        mounts.Add(New("/etc/hostname", "bind", input.Files.HostName, "rbind", "rprivate"));
        mounts.Add(New("/etc/resolv.conf", "bind", input.Files.ResolvConf, "rbind", "rprivate"));
        return mounts;
    }

    private static OciMount Own(SpecInput input, ContainerMount mount)
    {
        if (mount.Type == ContainerMountType.Volume && VolumeMount.Of(input.VolumeOptions(mount.Source), mount) is { } special) return special;
        List<string> options = [.. mount.Options];
        if (mount.ReadOnly) options.Add("ro");
        if (mount.Type == ContainerMountType.Tmpfs)
        {
            // Docker's defaults; what the user says comes later and wins.
            return new OciMount
            {
                Destination = mount.Destination,
                Type = "tmpfs",
                Source = "tmpfs",
                Options = [.. ((string[])["nosuid", "nodev", "noexec"]).Where(option => !options.Contains(option[2..])), .. options],
            };
        }

        if (!options.Exists(option => option is "bind" or "rbind")) options.Insert(0, "rbind");
        if (!options.Exists(option => option.EndsWith("private", StringComparison.Ordinal)
            || option.EndsWith("shared", StringComparison.Ordinal)
            || option.EndsWith("slave", StringComparison.Ordinal)
            || option.EndsWith("unbindable", StringComparison.Ordinal)))
        {
            options.Add("rprivate");
        }

        bool volume = mount.Type == ContainerMountType.Volume;
        IReadOnlyList<OciIdMapping>? map = volume || options.Contains("idmap") || options.Contains("ridmap")
            ? SpecBuilder.IdMap(input.Record.Configuration)
            : null;
        return new OciMount
        {
            Destination = mount.Destination,
            Type = "bind",
            Source = volume ? input.VolumeData(mount.Source) : mount.Source,
            Options = options,
            UidMappings = map,
            GidMappings = map,
        };
    }

    private static OciMount New(string destination, string type, string source, params string[] options)
        => new() { Destination = destination, Type = type, Source = source, Options = options };
}
