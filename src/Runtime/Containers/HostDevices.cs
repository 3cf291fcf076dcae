using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>The device nodes in the host's /dev, which a privileged container gets all of.</summary>
internal static class HostDevices
{
    // Mounts of the container's own, and what belongs to the host's terminals alone (the list is Docker's).
    private static readonly string[] s_skipped = ["pts", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev"];

    /// <summary>Reads them; symbolic links are left out.</summary>
    public static IReadOnlyList<OciDevice> Read(string folder = "/dev")
    {
        List<OciDevice> devices = [];
        Collect(folder, "/dev", devices);
        return devices;
    }

    private static void Collect(string folder, string shown, List<OciDevice> devices)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(folder))
        {
            string name = Path.GetFileName(path);
            string place = $"{shown}/{name}";
            // A device that is unplugged at this moment is gone by the time it is looked at.
            if ((shown == "/dev" && s_skipped.Contains(name)) || !Libc.TryStat(path, out FileStatus status)) continue;
            if (status.IsFolder)
            {
                Collect(path, place, devices);
            }
            else if (status.IsCharacterDevice || status.IsBlockDevice)
            {
                devices.Add(new OciDevice
                {
                    Type = status.IsBlockDevice ? "b" : "c",
                    Path = place,
                    Major = status.DeviceMajor,
                    Minor = status.DeviceMinor,
                    FileMode = status.Permissions,
                    Uid = status.Uid,
                    Gid = status.Gid,
                });
            }
        }
    }
}
