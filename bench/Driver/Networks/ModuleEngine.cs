using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Networks;

/// <summary>The module, in one or several warm PowerShell sessions that have one engine.</summary>
internal sealed class ModuleEngine : NetworkEngine
{
    private readonly List<Session> _sessions = [];

    /// <summary>Starts the sessions.</summary>
    public ModuleEngine(BenchContext context, PowerShellHost host, int sessions) : base(context, host.Name)
    {
        string folder = context.Workspace.NewFile("engine");
        try
        {
            for (int i = 0; i < sessions; i++) _sessions.Add(Machine.Run(() => Session.Open(context, host, folder)));
        }
        catch (BenchException)
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Load(string archive) => _sessions[0].Ask("import", archive);

    /// <inheritdoc/>
    public override void MakeNetwork(string network) => _sessions[0].Ask("network", network);

    /// <inheritdoc/>
    public override void Create(string container, string? network, string? publish, params string[] command)
        => _sessions[0].Ask("create-named", [container, BenchContext.NetworkImageReference, network ?? "bridge", publish ?? "", .. command]);

    /// <inheritdoc/>
    public override double Start(string container, int worker = 0) => _sessions[worker].Time("start-named", container);

    /// <inheritdoc/>
    public override void Run(string container, string? network, string? publish, params string[] command)
        => _sessions[0].Ask("run-named", [container, BenchContext.NetworkImageReference, network ?? "bridge", publish ?? "", .. command]);

    /// <inheritdoc/>
    public override void Remove(params string[] containers) => _sessions[0].Ask("remove-named", containers);

    /// <inheritdoc/>
    public override int ProcessId(string container) => (int)_sessions[0].Ask("process", container)["process"]!;

    /// <inheritdoc/>
    protected override void End()
    {
        if (_sessions.Count > 0) _sessions[0].Ask("remove-all");
        foreach (Session session in _sessions) session.Dispose();
    }
}
