using ContainerTools.Runtime.Hosts.Trials;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Hosts;

/// <summary>Layers, id-mapped mounts, and the engine's folders.</summary>
internal static class StorageProbes
{
    private const string Category = "Storage";

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        bool registered = HasFileSystem(context.Files.Text("/proc/filesystems"), "overlay");
        string folder = ExistingFolder(context.Paths.Root);
        yield return context.ByTrial(
            TrialName.Overlay, Category, "overlay", $"two folders of {folder} were mounted as an overlay",
            registered ? $"Keep the data on another file system than that of {folder}, for example ext4 or xfs, or use the vfs driver." : "Load it: modprobe overlay.",
            () => registered
                ? HostContext.Available(Category, "overlay", context.Untried("/proc/filesystems names overlay"))
                : HostContext.Missing(Category, "overlay", "overlay is not in /proc/filesystems; the engine copies layers instead, which is slow.", "Load it: modprobe overlay."));
        yield return context.ByTrial(
            TrialName.IdMappedMount, Category, "id-mapped mounts", $"a folder of {folder} was mounted with an id map",
            "Keep the data on a file system that can, for example ext4, xfs or btrfs, on Linux 5.15 or newer.",
            () => HostContext.Limited(Category, "id-mapped mounts", context.Untried("Linux 5.12 or newer has them on some file systems"), null));
        yield return context.ByTrial(
            TrialName.IdMappedOverlay, Category, "id-mapped layers", "an overlay was mounted over a folder with an id map",
            "Use Linux 5.19 or newer; until then -UserNamespace needs copies of the layers.",
            () => HostContext.Limited(Category, "id-mapped layers", context.Untried("Linux 5.19 or newer has them"), null));
        yield return JudgeFolder("data folder", context.Paths.Root, "CONTAINERTOOLS_ROOT");
        yield return JudgeFolder("run folder", context.Paths.Run, "CONTAINERTOOLS_RUN");
    }

    /// <summary>Whether /proc/filesystems names a type.</summary>
    public static bool HasFileSystem(string? table, string type)
    {
        foreach (string line in (table ?? "").Split('\n'))
        {
            if (line.AsSpan(line.IndexOf('\t', StringComparison.Ordinal) + 1).Trim().SequenceEqual(type)) return true;
        }

        return false;
    }

    /// <summary>The folder, or the nearest one above it that is there.</summary>
    public static string ExistingFolder(string path)
    {
        while (!Directory.Exists(path)) path = Path.GetDirectoryName(path) ?? "/";
        return path;
    }

    private static HostCapability JudgeFolder(string name, string path, string variable)
    {
        string existing = ExistingFolder(path);
        string reason = existing == path ? $"{path} is there and can be written." : $"{path} will be made in {existing}, which can be written.";
        return Libc.IsWritable(existing)
            ? HostContext.Available(Category, name, reason, required: true)
            : HostContext.Missing(Category, name, $"{existing} cannot be written by the current user.", $"Run as root, or set {variable} to a folder of your own.", required: true);
    }
}
