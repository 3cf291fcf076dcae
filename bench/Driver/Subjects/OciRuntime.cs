using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>An OCI runtime: ctrun, crun or runc. They take the same arguments.</summary>
internal sealed class OciRuntime
{
    private readonly BenchContext _context;
    private readonly string _state;

    /// <param name="context">What all measurements share.</param>
    /// <param name="tool">The runtime.</param>
    /// <param name="key">What its folders and cgroups are called; its name where omitted.</param>
    public OciRuntime(BenchContext context, Tool tool, string? key = null)
    {
        _context = context;
        Tool = tool;
        Key = key ?? tool.Name;
        _state = context.Workspace.NewFolder($"state-{Key}");
    }

    /// <summary>What its folders and cgroups are called.</summary>
    public string Key { get; }

    /// <summary>The program.</summary>
    public Tool Tool { get; }

    /// <summary>Its name.</summary>
    public string Name => Tool.Name;

    /// <summary>Those that are installed, ours first.</summary>
    public static IReadOnlyList<OciRuntime> All(BenchContext context) =>
        [.. new[] { context.Ctrun, Tool.Find("crun"), Tool.Find("runc") }.OfType<Tool>().Select(tool => new OciRuntime(context, tool))];

    /// <summary>A cgroup of this runtime's own.</summary>
    public string Cgroup(string name) => $"{_context.Cgroup}/{Key}-{name}";

    /// <summary>Its command line.</summary>
    public string[] Arguments(params string[] arguments) => ["--root", _state, .. arguments];

    /// <summary>Its command line, to be run.</summary>
    public Command Command(params string[] arguments) => new(_context.Workspace, null, Tool.Path, Arguments(arguments));

    /// <summary>Kills and removes a container.</summary>
    public void Delete(string container) => Command("delete", "--force", container).Time();
}
