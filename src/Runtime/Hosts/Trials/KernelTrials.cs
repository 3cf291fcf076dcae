using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Hosts.Trials;

/// <summary>One trial.</summary>
/// <param name="Name">Its <see cref="TrialName"/>.</param>
/// <param name="Errno">0 where it succeeded.</param>
internal readonly record struct TrialResult(string Name, int Errno);

/// <summary>
/// Really does what a container needs, once, and throws it away: namespaces with a process that ends at once, mounts that are never attached, links in
/// a network namespace of its own. For <c>ctrun probe</c> only: the process that runs this leaves its network namespace.
/// </summary>
internal static class KernelTrials
{
    // Any range of ids that is not the host's own.
    private static readonly OciIdMapping[] s_map = [new(0, 100_000, 65_536)];

    /// <summary>Tries everything, in the order of the results.</summary>
    /// <param name="folder">A folder to make folders in, on the file system that the engine keeps layers on; what is made is removed.</param>
    public static IReadOnlyList<TrialResult> Run(string folder)
    {
        List<TrialResult> results = [];
        foreach (string type in TrialName.Namespaces) results.Add(new TrialResult(TrialName.Namespace(type), Try(() => MakeNamespace(type))));
        DirectoryInfo work = Directory.CreateDirectory(Path.Combine(folder, $".probe-{Environment.ProcessId}"));
        try
        {
            foreach (string name in (string[])["lower", "upper", "work"]) work.CreateSubdirectory(name);
            IdMaps maps = new(s_map, s_map);
            results.Add(new TrialResult(TrialName.IdMappedMount, Try(() => MapMount(Path.Combine(work.FullName, "lower"), maps))));
            results.Add(new TrialResult(TrialName.Overlay, Try(() => MountOverlay(work.FullName, null))));
            results.Add(new TrialResult(TrialName.IdMappedOverlay, Try(() => MountOverlay(work.FullName, maps))));
        }
        finally
        {
            work.Delete(recursive: true);
        }

        NetworkTrials.Run(results);
        return results;
    }

    private static void MakeNamespace(string type)
    {
        using LaunchPlan plan = new();
        plan.CloneFlags = Namespaces.FlagOf(type);
        plan.Call(SystemCall.ExitGroup, "end", "", 0);
        using NewProcess process = NewProcess.Clone(plan, report: -1, cgroup: null);
        process.Reap();
    }

    private static void MapMount(string path, IdMaps maps)
    {
        using SafeFileHandle userNamespace = IdMapNamespace.Make(maps);
        using SafeFileHandle tree = Libc.CloneTree(path, recursive: false);
        Libc.SetMountAttributes(tree, new MountAttributes(Libc.MOUNT_ATTR_IDMAP, 0, 0, (ulong)userNamespace.DangerousGetHandle()), recursive: false, path);
    }

    private static void MountOverlay(string folder, IdMaps? maps)
    {
        using LaunchInputs inputs = new(new OciSpec(), folder);
        inputs.OpenOverlay(new OverlayRoot([Path.Combine(folder, "lower")], Path.Combine(folder, "upper"), Path.Combine(folder, "work"), [], maps));
    }

    private static int Try(Action trial)
    {
        try
        {
            trial();
            return 0;
        }
        catch (KernelException error)
        {
            return error.Errno;
        }
        catch (ContainerException error) when (error.Code == ErrorCode.NotSupported)
        {
            return Errno.EOPNOTSUPP;
        }
    }
}
