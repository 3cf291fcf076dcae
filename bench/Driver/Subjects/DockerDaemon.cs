using System.Text.Json.Nodes;
using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>
/// A Docker engine of the bench's own: containerd and dockerd with their own roots and sockets, without networks where they are not measured,
/// so that it touches neither a Docker that runs on the machine nor another's packet filter.
/// </summary>
internal sealed class DockerDaemon : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly BenchContext _context;
    private readonly Tool _client;
    private readonly string _socket;
    private readonly List<(string Name, int Process)> _daemons = [];

    private DockerDaemon(BenchContext context, Tool client, Tool server, Tool containerd, bool withNetworks)
    {
        _context = context;
        _client = client;
        string folder = context.Workspace.NewFolder("docker");
        _socket = Path.Combine(folder, "docker.sock");
        string containerdSocket = Path.Combine(folder, "containerd.sock");
        string containerdFile = Path.Combine(folder, "containerd.toml"), daemonFile = Path.Combine(folder, "daemon.json");
        File.WriteAllText(containerdFile, $"""
            version = 2
            root = "{folder}/containerd"
            state = "{folder}/containerd-state"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
              address = "{containerdSocket}"
            """);
        JsonObject configuration = new()
        {
            ["hosts"] = new JsonArray($"unix://{_socket}"),
            ["containerd"] = containerdSocket,
            ["data-root"] = $"{folder}/data",
            ["exec-root"] = $"{folder}/exec",
            ["pidfile"] = $"{folder}/dockerd.pid",
            ["storage-driver"] = "overlay2",
            ["exec-opts"] = new JsonArray("native.cgroupdriver=cgroupfs"),
            ["runtimes"] = Runtimes(context),
            ["cgroup-parent"] = $"{context.Cgroup}/docker",
        };
        if (!withNetworks)
        {
            configuration["bridge"] = "none";
            configuration["iptables"] = false;
            configuration["ip6tables"] = false;
        }

        File.WriteAllText(daemonFile, configuration.ToJsonString());
        try
        {
            StartDaemon(new Command(context.Workspace, null, containerd.Path, "--config", containerdFile), "containerd", () => File.Exists(containerdSocket));
            StartDaemon(new Command(context.Workspace, null, server.Path, "--config-file", daemonFile), "dockerd", Responds);
        }
        catch (BenchException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Starts it, or says why it cannot be measured.</summary>
    /// <param name="context">The bench.</param>
    /// <param name="note">Gets the reason.</param>
    /// <param name="withNetworks">With its networks, in a network namespace that the caller has made for it.</param>
    public static DockerDaemon? TryStart(BenchContext context, Action<string> note, bool withNetworks = false)
    {
        if (Tool.Find("docker") is not { } client || Tool.Find("dockerd") is not { } server || Tool.Find("containerd") is not { } containerd)
        {
            note("docker is not installed.");
            return null;
        }

        try
        {
            return new DockerDaemon(context, client, server, containerd, withNetworks);
        }
        catch (BenchException exception)
        {
            note($"docker could not be started: {exception.Message}");
            return null;
        }
    }

    /// <summary>The client's command line, to be run.</summary>
    public Command Command(params string[] arguments) => new(_context.Workspace, null, _client.Path, ["-H", $"unix://{_socket}", .. arguments]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, int process) in Enumerable.Reverse(_daemons))
        {
            _ = Libc.Kill(process, Libc.SignalTerminate);
            DateTime end = DateTime.UtcNow + s_patience;
            while (!Processes.Command.HasEnded(process))
            {
                if (DateTime.UtcNow > end) _ = Libc.Kill(process, Libc.SignalKill);
                Thread.Sleep(20);
            }
        }

        _daemons.Clear();
    }

    // runc is there by itself.
    private static JsonObject Runtimes(BenchContext context)
    {
        JsonObject runtimes = [];
        foreach (Tool tool in new[] { context.Ctrun, Tool.Find("crun") }.OfType<Tool>()) runtimes[tool.Name] = new JsonObject { ["path"] = tool.Path };
        return runtimes;
    }

    private bool Responds()
    {
        try
        {
            Command("version").Time();
            return true;
        }
        catch (BenchException)
        {
            return false; // Not yet.
        }
    }

    private void StartDaemon(Command command, string name, Func<bool> isReady)
    {
        int process = command.Start();
        _daemons.Add((name, process));
        DateTime end = DateTime.UtcNow + s_patience;
        while (!isReady())
        {
            if (Processes.Command.HasEnded(process))
            {
                _daemons.RemoveAll(daemon => daemon.Process == process);
                throw new BenchException($"{name} ended: {command.Errors()}");
            }

            if (DateTime.UtcNow > end) throw new BenchException($"{name} does not respond: {command.Errors()}");
            Thread.Sleep(50);
        }
    }
}
