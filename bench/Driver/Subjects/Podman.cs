using System.Globalization;
using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>Podman with a store and a configuration of its own.</summary>
internal sealed class Podman
{
    // Podman takes no path longer than 50 characters here; /run is a tmpfs of the bench's own (inside.sh).
    private const string Run = "/run/podman-bench";
    private readonly BenchContext _context;
    private readonly Dictionary<string, string> _environment;

    private Podman(BenchContext context, Tool tool)
    {
        _context = context;
        Tool = tool;
        string folder = context.Workspace.NewFolder("podman");
        string containers = Path.Combine(folder, "containers.conf"), storage = Path.Combine(folder, "storage.conf");
        string registries = Path.Combine(folder, "registries.conf");
        // The limits are given as they are, because raising one asks for a capability that not every root has.
        File.WriteAllText(containers, $"""
            [containers]
            default_ulimits = ["nofile={Limit("Max open files", 20000)}", "nproc={Limit("Max processes", 4096)}"]
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            runtime = "{(Subjects.Tool.Find("crun") is null ? "runc" : "crun")}"
            tmp_dir = "{Run}/libpod"
            volume_path = "{folder}/volumes"
            static_dir = "{folder}/storage/libpod"
            [network]
            network_backend = "{(HasNetavark ? "netavark" : "cni")}"
            network_config_dir = "{folder}/networks"
            """);
        File.WriteAllText(storage, $"""
            [storage]
            driver = "overlay"
            graphroot = "{folder}/storage"
            runroot = "{Run}/storage"
            """);
        File.WriteAllText(registries, "unqualified-search-registries = []\n");
        _environment = new()
        {
            ["CONTAINERS_CONF"] = containers,
            ["CONTAINERS_STORAGE_CONF"] = storage,
            ["CONTAINERS_REGISTRIES_CONF"] = registries,
        };
    }

    /// <summary>The program.</summary>
    public Tool Tool { get; }

    /// <summary>Podman, or null where it is not installed.</summary>
    public static Podman? Find(BenchContext context) => Subjects.Tool.Find("podman") is { } tool ? new Podman(context, tool) : null;

    /// <summary>Its command line, to be run.</summary>
    public Command Command(params string[] arguments) => new(_context.Workspace, _environment, Tool.Path, arguments);

    /// <summary>Whether its networks are made by Netavark, not by CNI plug-ins.</summary>
    public static bool HasNetavark { get; } = Subjects.Tool.Find("netavark") is not null;

    /// <summary>The options of a container: no network, a cgroup below the bench's.</summary>
    public string[] ContainerOptions => ["--network", "none", "--cgroup-parent", $"{_context.Cgroup}/podman"];

    // soft:hard of the driver itself, but no more than what a container needs.
    private static string Limit(string name, long most)
    {
        string line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(name, StringComparison.Ordinal));
        string hard = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        long value = hard == "unlimited" ? most : Math.Min(most, long.Parse(hard, CultureInfo.InvariantCulture));
        return string.Create(CultureInfo.InvariantCulture, $"{value}:{value}");
    }
}
