using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Tests.Launch;

/// <summary>Compiles plans without root: what a launcher would open is written down instead.</summary>
internal sealed class PlannedLaunch : ILaunchInputs
{
    public SafeFileHandle? RootFolder { get; init; }

    public List<string> Opened { get; } = [];

    public OpenedTree OpenTree(string path, bool recursive, IdMaps? maps, ulong propagation = Libc.MS_PRIVATE)
    {
        Opened.Add($"tree {path}{(recursive ? " recursive" : "")}{(maps is null ? "" : maps.Recursive ? " id-mapped with all below" : " id-mapped")}");
        return new OpenedTree(100 + Opened.Count, IsFolder(path));
    }

    public List<string> SecurityModules { get; init; } = [];

    public IReadOnlyList<string> WholeKernelFileSystems() => ["/sys", "/proc"];

    public bool IsFolder(string path) => !path.EndsWith(".file", StringComparison.Ordinal) && !path.StartsWith("/dev/", StringComparison.Ordinal);

    public List<string> SharedPaths { get; init; } = [];

    public bool IsShared(string path) => SharedPaths.Contains(path);

    public bool ClonesMounts { get; init; } = true;

    public bool MakesDevices { get; init; } = true;

    public bool MountsOnDetached { get; init; } = true;

    public bool HasSecurityModule(string name) => SecurityModules.Contains(name);

    public int MountRemote(string type, string source, string destination, MountOptions options)
    {
        Opened.Add($"mount of {type} {source} {string.Join(',', options.Data)}");
        return 100 + Opened.Count;
    }

    public int CopyUp(string path, string source, MountOptions options)
    {
        Opened.Add($"copy of {path} in {source} {string.Join(',', options.Data)}");
        return 100 + Opened.Count;
    }

    public int OpenOverlay(OverlayRoot overlay)
    {
        Opened.Add($"overlay {string.Join(" on ", overlay.Lower)}, upper {overlay.Upper}, work {overlay.Work}");
        return 100 + Opened.Count;
    }

    public int OpenNamespace(string path)
    {
        Opened.Add("namespace " + path);
        return 100 + Opened.Count;
    }

    /// <summary>The plan of a specification's first process, as text.</summary>
    public string Start(OciSpec spec, Action<LaunchContext>? arrange = null)
    {
        using LaunchPlan plan = Compile(spec, arrange);
        return plan.ToString();
    }

    public LaunchPlan Compile(OciSpec spec, Action<LaunchContext>? arrange = null)
    {
        LaunchPlan plan = new() { KeepsArguments = true };
        LaunchContext context = new(spec, spec.Process!, "/bundle", this, plan) { KeptDescriptors = [9] };
        context.Report = plan.NewSlot("report", 9);
        arrange?.Invoke(context);
        LaunchCompiler.CompileStart(context);
        return plan;
    }

    /// <summary>A small container: all namespaces but user's, proc and dev.</summary>
    public static OciSpec Small(params string[] arguments) => new()
    {
        Root = new OciRoot { Path = "rootfs" },
        Hostname = "box",
        Process = new OciProcess { Cwd = "/", Args = arguments.Length == 0 ? ["/bin/true"] : arguments, Env = ["PATH=/bin:/usr/bin"] },
        Mounts = [new OciMount { Destination = "/proc", Type = "proc", Source = "proc" }],
        Linux = new OciLinux { Namespaces = [new("pid"), new("mount"), new("uts"), new("ipc"), new("network"), new("cgroup")] },
    };
}
