using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// A detached mount of an overlay: in no mount namespace, gone with its last descriptor. Linux 6.15 and later make it in one go from descriptors;
/// where an older kernel cannot (<c>lowerdir+</c> came with 6.5, layers on detached, id-mapped mounts with 6.15), a short-lived process makes it
/// in a mount namespace of its own and hands over a detached copy.
/// </summary>
internal static class OverlayMount
{
    /// <summary>Makes the mount.</summary>
    /// <param name="overlay">The layers.</param>
    /// <param name="layers">Descriptors of the layers, in their order: O_PATH, or detached id-mapped mounts.</param>
    /// <param name="writable">The folder that holds the upper and the work folder, O_PATH; null for a read-only overlay.</param>
    public static SafeFileHandle Make(OverlayRoot overlay, IReadOnlyList<SafeFileHandle> layers, SafeFileHandle? writable)
        => TryDirect(overlay, layers, writable) ?? MakeInOwnNamespace(overlay, layers, writable);

    private static SafeFileHandle? TryDirect(OverlayRoot overlay, IReadOnlyList<SafeFileHandle> layers, SafeFileHandle? writable)
    {
        using SafeFileHandle context = Libc.OpenFileSystem("overlay");
        Libc.ConfigureFileSystem(context, "source", "overlay");
        // By descriptor, because an option's value may be 256 bytes long at most and layers' paths may be longer.
        foreach (SafeFileHandle layer in layers)
        {
            if (!Libc.ConfigureFileSystem(context, "lowerdir+", PathOf(layer))) return null;
        }

        if (writable is not null)
        {
            Configure(context, "upperdir", PathOf(writable) + "/" + Path.GetFileName(overlay.Upper!));
            Configure(context, "workdir", PathOf(writable) + "/" + Path.GetFileName(overlay.Work!));
        }

        foreach (string option in overlay.Others)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) Configure(context, option[..equals], option[(equals + 1)..]);
            else Libc.ConfigureFileSystemFlag(context, option);
        }

        try
        {
            return Libc.MountFileSystem(context, 0, "the overlay root");
        }
        catch (KernelException error) when (error.Errno == Errno.EINVAL && overlay.Maps is not null)
        {
            return null;
        }
    }

    /// <summary>With mount(2), whose options may be a page long, and paths that are as short as can be: layer 12 is <c>12</c>.</summary>
    private static unsafe SafeFileHandle MakeInOwnNamespace(OverlayRoot overlay, IReadOnlyList<SafeFileHandle> layers, SafeFileHandle? writable)
    {
        using LaunchPlan plan = new();
        plan.CloneFlags = Namespaces.FlagOf("mount");
        (SafeFileHandle receiver, SafeFileHandle sender) = Libc.CreateSocketPair();
        (SafeFileHandle reportReader, SafeFileHandle report) = Libc.CreatePipe();
        using (receiver)
        using (sender)
        using (reportReader)
        using (report)
        {
            plan.Call(
                SystemCall.MountSetattr, "cut off the propagation of", "/", Libc.AT_FDCWD, plan.Text("/"), PlanArgument.Flags(Libc.AT_RECURSIVE, "AT_RECURSIVE"),
                plan.Structure(new MountAttributes(0, 0, Libc.MS_PRIVATE, 0), "private"), 32);
            MountOptions options = MountOptions.Parse(["mode=700"]);
            Slot folder = Mounts.NewFileSystem(plan, "tmpfs", "tmpfs", "the layers' mount points", options);
            plan.Call(
                SystemCall.MoveMount, "mount", "the layers' mount points", folder, plan.Itself, Libc.AT_FDCWD, plan.Text("/"),
                PlanArgument.Flags(Libc.MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"));
            plan.Call(SystemCall.Fchdir, "enter", "the layers' mount points", folder);
            StringBuilder lower = new("lowerdir=");
            for (int i = 0; i < layers.Count; i++)
            {
                string name = i.ToString(CultureInfo.InvariantCulture);
                MountAt(plan, layers[i], overlay.Lower[i], name, detached: overlay.Maps is not null);
                lower.Append(i == 0 ? "" : ":").Append(name);
            }

            if (writable is not null)
            {
                MountAt(plan, writable, overlay.Upper!, "w", detached: false);
                lower.Append(",upperdir=w/").Append(Escape(Path.GetFileName(overlay.Upper!))).Append(",workdir=w/").Append(Escape(Path.GetFileName(overlay.Work!)));
            }

            foreach (string option in overlay.Others) lower.Append(',').Append(option);
            plan.Call(SystemCall.Mkdirat, "make", "the overlay's mount point", Libc.AT_FDCWD, plan.Text("m"), 0x1c0);
            plan.Call(SystemCall.Mount, "mount overlay on", "/", plan.Text("overlay"), plan.Text("m"), plan.Text("overlay"), 0, plan.Text(lower.ToString()));
            plan.Call(
                SystemCall.OpenTree, "detach", "the overlay", Libc.AT_FDCWD, plan.Text("m"), PlanArgument.Flags(Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC, "OPEN_TREE_CLONE"));
            Slot tree = plan.Result("tree");
            Streams.Send(plan, plan.NewSlot("socket", sender.DangerousGetHandle()), tree, "the overlay");
            plan.Call(SystemCall.ExitGroup, "end", "", 0);

            using NewProcess process = NewProcess.Clone(plan, (int)report.DangerousGetHandle(), cgroup: null);
            sender.Dispose();
            report.Dispose();
            SafeFileHandle? mount = Libc.ReceiveDescriptor(receiver);
            process.Reap();
            if (mount is not null) return mount;
            StepFailure failure;
            return Libc.Read(reportReader, new Span<byte>(&failure, sizeof(StepFailure))) > 0
                ? throw plan.Explain(failure)
                : throw new ContainerException(ErrorCode.LaunchFailed, "The process that mounts the overlay was killed.", null);
        }
    }

    private static void MountAt(LaunchPlan plan, SafeFileHandle source, string path, string name, bool detached)
    {
        plan.Call(SystemCall.Mkdirat, "make the mount point of", path, Libc.AT_FDCWD, plan.Text(name), 0x1c0);
        Slot tree = plan.NewSlot(path, source.DangerousGetHandle());
        if (!detached)
        {
            // The descriptor belongs to the launcher's mount namespace; the same place in this one is reached by its path only.
            plan.Call(SystemCall.OpenTree, "open", path, Libc.AT_FDCWD, plan.Text(Folder(path, name)), PlanArgument.Flags(Libc.OPEN_TREE_CLONE | Libc.OPEN_TREE_CLOEXEC, "OPEN_TREE_CLONE"));
            plan.Result(tree);
        }

        plan.Call(
            SystemCall.MoveMount, "mount", path, tree, plan.Itself, Libc.AT_FDCWD, plan.Text(name), PlanArgument.Flags(Libc.MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH"));
    }

    private static string Folder(string path, string name) => name == "w" ? Path.GetDirectoryName(path)! : path;

    private static string Escape(string name) => name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    private static string PathOf(SafeFileHandle folder) => "/proc/self/fd/" + folder.DangerousGetHandle().ToString(CultureInfo.InvariantCulture);

    private static void Configure(SafeFileHandle context, string key, string value)
    {
        if (!Libc.ConfigureFileSystem(context, key, value)) throw KernelError.From($"mount overlay (option {key}={value})", Errno.EINVAL, "/");
    }
}
