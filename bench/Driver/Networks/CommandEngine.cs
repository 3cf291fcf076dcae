using System.Globalization;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Networks;

/// <summary>Podman or Docker, by its command line.</summary>
internal sealed class CommandEngine : NetworkEngine
{
    private readonly string[] _options;
    private Func<string[], Command> _command = null!;
    private Action _end = static () => { };

    private CommandEngine(BenchContext context, string name, params string[] options) : base(context, name) => _options = options;

    /// <summary>Podman.</summary>
    public static CommandEngine ForPodman(BenchContext context, Podman podman)
        => new(context, "podman", "--cgroup-parent", $"{context.Cgroup}/podman") { _command = podman.Command };

    /// <summary>Docker, with a daemon of its own.</summary>
    public static CommandEngine ForDocker(BenchContext context)
    {
        CommandEngine engine = new(context, "docker");
        string reason = "";
        if (engine.Machine.Run(() => DockerDaemon.TryStart(context, note => reason = note, withNetworks: true)) is not { } daemon)
        {
            engine.Dispose();
            throw new BenchException(reason);
        }

        engine._command = daemon.Command;
        engine._end = daemon.Dispose;
        return engine;
    }

    /// <inheritdoc/>
    public override void Load(string archive) => Time("load", "--input", archive);

    /// <inheritdoc/>
    public override void MakeNetwork(string network) => Time("network", "create", network);

    /// <inheritdoc/>
    public override void Create(string container, string? network, string? publish, params string[] command) => Time(["create", .. Options(container, network, publish), .. command]);

    /// <inheritdoc/>
    public override double Start(string container, int worker = 0)
    {
        Command start = _command(["start", container]);
        return start.Time().Milliseconds;
    }

    /// <inheritdoc/>
    public override void Run(string container, string? network, string? publish, params string[] command) => Time(["run", "--detach", .. Options(container, network, publish), .. command]);

    /// <inheritdoc/>
    public override void Remove(params string[] containers)
    {
        foreach (string[] part in containers.Chunk(50)) Time(["rm", "--force", .. Name == "podman" ? (string[])["--time", "0"] : [], .. part]);
    }

    /// <inheritdoc/>
    public override int ProcessId(string container)
    {
        Command inspect = _command(["inspect", "--format", "{{.State.Pid}}", container]);
        return int.Parse(Machine.Run(inspect.Read), CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    protected override void End() => _end();

    private string[] Options(string container, string? network, string? publish)
        => ["--name", container, .. _options, .. network is null ? (string[])[] : ["--network", network], .. publish is null ? (string[])[] : ["--publish", publish], BenchContext.NetworkImageReference];

    private double Time(params string[] arguments)
    {
        Command command = _command(arguments);
        return Machine.Run(() => command.Time().Milliseconds);
    }
}
