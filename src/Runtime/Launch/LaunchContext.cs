using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch;

/// <summary>What the contributors of one plan share.</summary>
internal sealed class LaunchContext(OciSpec spec, OciProcess process, string bundle, ILaunchInputs inputs, LaunchPlan plan)
{
    private readonly HashSet<string> namespaces = [.. (spec.Linux?.Namespaces ?? []).Select(static item => item.Type)];

    /// <summary>The configuration.</summary>
    public OciSpec Spec => spec;

    /// <summary>The process to start.</summary>
    public OciProcess Process => process;

    /// <summary>The bundle's folder.</summary>
    public string Bundle => bundle;

    /// <summary>The machine.</summary>
    public ILaunchInputs Inputs => inputs;

    /// <summary>The plan that is being made.</summary>
    public LaunchPlan Plan => plan;

    /// <summary>The container's root folder, once there is one.</summary>
    public Slot Root { get; set; }

    /// <summary>The container's own proc, mounted by the plan; null where there is none.</summary>
    public Slot? Proc { get; set; }

    /// <summary>The end of the launcher's socket that the terminal is sent to; null without a terminal.</summary>
    public Slot? ConsoleSocket { get; set; }

    /// <summary>The container's id; empty where it has none.</summary>
    public string Id { get; init; } = "";

    /// <summary>Whether this is the container's first process, which makes the keyring that others join.</summary>
    public bool MakesKeyring { get; init; }

    /// <summary>Whether the process stays in the caller's session keyring (<c>--no-new-keyring</c>).</summary>
    public bool KeepsKeyring { get; init; }

    /// <summary>Whether the root is moved instead of pivoted to (<c>--no-pivot</c>).</summary>
    public bool MovesRoot { get; init; }

    /// <summary>Whether hooks are to run before pivot_root.</summary>
    public bool WaitsForHooks { get; set; }

    /// <summary>The program to execute, where it is not the first argument.</summary>
    public string? Program { get; init; }

    /// <summary>The launcher's "go": read before anything that needs the id maps, after the hooks of the creation, after the filter's listener is handed over; null where none of these is.</summary>
    public Slot? Go { get; set; }

    /// <summary>The cgroup's v1 tasks files, with their paths.</summary>
    public IReadOnlyList<Slot> TaskFiles { get; set; } = [];

    /// <summary>The hierarchies to show at a mount of type <c>cgroup</c>.</summary>
    public IReadOnlyList<CgroupView> CgroupViews { get; set; } = [];

    /// <summary>The container's new network namespace, made early; null where clone3(2) makes it.</summary>
    public Slot? Network { get; set; }

    /// <summary>Standard input, output, error: what is to become 0, 1, 2; null to leave what is inherited.</summary>
    public Slot?[] Streams { get; } = new Slot?[3];

    /// <summary>The report pipe's write end, which execve closes.</summary>
    public Slot Report { get; set; }

    /// <summary>How many descriptors from 3 on survive execve.</summary>
    public int PreservedDescriptors { get; init; }

    /// <summary>Whether the process is to die with the thread that launched it.</summary>
    public bool DieWithParent { get; init; }

    /// <summary>The gate's end that the process reads from (see <see cref="StartGate"/>); null to execute at once.</summary>
    public Slot? Gate { get; set; }

    /// <summary>Descriptors that must stay open until execve, in ascending order: the report's, the gate's.</summary>
    public IReadOnlyList<int> KeptDescriptors { get; init; } = [];

    /// <summary>Whether the container has a namespace of this type, its own or a joined one.</summary>
    public bool HasNamespace(string type) => namespaces.Contains(type);

    /// <summary>Whether the container gets a new namespace of this type.</summary>
    public bool MakesNamespace(string type)
    {
        foreach (OciNamespace item in spec.Linux?.Namespaces ?? [])
        {
            if (item.Type == type) return string.IsNullOrEmpty(item.Path);
        }

        return false;
    }

    /// <summary>A path of the configuration that may start at the bundle.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, bundle);

    /// <summary>An error in the configuration.</summary>
    public static ContainerException Invalid(string message, string? target = null) => new(ErrorCode.InvalidConfiguration, message, target);
}
