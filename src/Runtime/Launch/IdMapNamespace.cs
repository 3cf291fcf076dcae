using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>User namespaces' id maps: written for a new process, and kept in a namespace without processes for id-mapped mounts.</summary>
internal static class IdMapNamespace
{
    /// <summary>
    /// A user namespace that holds nothing but id maps, for mount_setattr(2) with MOUNT_ATTR_IDMAP. It is made by a process that waits until the
    /// maps are written and then ends; the descriptor keeps the namespace.
    /// </summary>
    public static unsafe SafeFileHandle Make(IdMaps maps)
    {
        using LaunchPlan plan = new();
        plan.CloneFlags = Namespaces.NewUser;
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        using (writer)
        {
            Slot end = plan.NewSlot("end", reader.DangerousGetHandle());
            // The process has a copy of the write end too, and must not wait for itself.
            plan.Call(SystemCall.Close, "close", "the pipe", plan.NewSlot("writer", writer.DangerousGetHandle()));
            plan.Call(SystemCall.Read, "wait for", "the end", end, PlanArgument.Pointer((long)plan.Memory.Take(16), "end"), 1);
            plan.Call(SystemCall.ExitGroup, "end", "", 0);
            using NewProcess process = NewProcess.Clone(plan, report: -1, cgroup: null);
            try
            {
                Write(process.ProcessId, maps);
                return Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.ProcessId}/ns/user"), Libc.O_RDONLY | Libc.O_CLOEXEC);
            }
            finally
            {
                writer.Dispose();
                process.Reap();
            }
        }
    }

    /// <summary>Writes the maps of a process that has just been made in a user namespace (user_namespaces(7)).</summary>
    public static void Write(int processId, IdMaps maps)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/");
        if (!Environment.IsPrivilegedProcess)
        {
            if (maps.Users is not [{ Size: 1 }] || maps.Groups is not [{ Size: 1 }])
            {
                // More than one's own id: what /etc/subuid and /etc/subgid give, which programs with the right to do so write.
                IdMapHelper.Run("newuidmap", processId, maps.Users);
                IdMapHelper.Run("newgidmap", processId, maps.Groups);
                return;
            }

            // Without rights over the parent namespace a group map may only be written once setgroups is off.
            WriteFile(folder + "setgroups", "deny");
        }

        WriteFile(folder + "uid_map", Lines(maps.Users));
        WriteFile(folder + "gid_map", Lines(maps.Groups));
    }

    private static string Lines(IReadOnlyList<OciIdMapping> map)
    {
        StringBuilder lines = new();
        foreach (OciIdMapping range in map) lines.Append(CultureInfo.InvariantCulture, $"{range.ContainerID} {range.HostID} {range.Size}\n");
        return lines.ToString();
    }

    private static void WriteFile(string path, string text)
    {
        using SafeFileHandle file = Libc.Open(path, Libc.O_WRONLY | Libc.O_CLOEXEC);
        // One write: the kernel takes a map only whole.
        if (Libc.Write(file, Encoding.ASCII.GetBytes(text)) is < 0 and int errno)
        {
            throw KernelError.From("write", -errno, $"{path} ('{text.Trim().Replace("\n", ", ", StringComparison.Ordinal)}')");
        }
    }
}
