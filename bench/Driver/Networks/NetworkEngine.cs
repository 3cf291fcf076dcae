using System.Globalization;
using System.Net;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Networks;

/// <summary>An engine that connects containers, on a machine of its own.</summary>
internal abstract class NetworkEngine(BenchContext context, string name) : IDisposable
{
    /// <summary>The machine's address, as its neighbour sees it.</summary>
    public const string MachineAddress = "192.0.2.1";

    private const string NeighbourAddress = "192.0.2.2";
    private NetworkMachine? _neighbour;

    /// <summary>The engine in the table.</summary>
    public string Name { get; } = name;

    /// <summary>The bench.</summary>
    protected BenchContext Context { get; } = context;

    /// <summary>Where it runs.</summary>
    public NetworkMachine Machine { get; } = new(context);

    /// <summary>Another machine, joined with the engine's by a cable.</summary>
    public NetworkMachine Neighbour
    {
        get
        {
            if (_neighbour is null)
            {
                _neighbour = new NetworkMachine(Context);
                Machine.Join(Context, _neighbour, MachineAddress, NeighbourAddress);
            }

            return _neighbour;
        }
    }

    /// <summary>Those that run on this machine, ours (in each PowerShell) first.</summary>
    /// <param name="context">What the bench was called with.</param>
    /// <param name="failures">What kept one from running.</param>
    /// <param name="notes">Who is not measured.</param>
    /// <param name="sessions">How many PowerShells there are to an engine of ours.</param>
    /// <param name="allHosts">In every PowerShell, else in the last alone, which is the real one where there is one.</param>
    public static List<NetworkEngine> OpenAll(BenchContext context, List<string> failures, List<string> notes, int sessions = 1, bool allHosts = true)
    {
        List<NetworkEngine> engines = [];
        foreach (PowerShellHost host in allHosts ? context.Hosts : context.Hosts.TakeLast(1)) Try($"the module in {host.Name}", () => new ModuleEngine(context, host, sessions));
        if (Podman.Find(context) is { } podman)
        {
            Try("podman", () => CommandEngine.ForPodman(context, podman));
            notes.Add($"Podman makes its networks with {(Podman.HasNetavark ? "Netavark" : "CNI plug-ins")}.");
        }

        if (Tool.Find("dockerd") is null) notes.Add("docker is not installed.");
        else Try("docker", () => CommandEngine.ForDocker(context));
        return engines;

        void Try(string what, Func<NetworkEngine> open)
        {
            NetworkEngine? engine = null;
            try
            {
                engine = open();
                engine.Load(context.NetworkImage);
                engines.Add(engine);
            }
            catch (BenchException exception)
            {
                engine?.Dispose();
                failures.Add($"{what}: {exception.Message}");
            }
        }
    }

    /// <summary>Brings an image into its store.</summary>
    public abstract void Load(string archive);

    /// <summary>Makes a network of a user's.</summary>
    public abstract void MakeNetwork(string network);

    /// <summary>Makes a container.</summary>
    /// <param name="container">Its name.</param>
    /// <param name="network">Its network; <see langword="null"/> for the default one, <c>none</c> for none.</param>
    /// <param name="publish">A published port, or null.</param>
    /// <param name="command">What it runs.</param>
    public abstract void Create(string container, string? network, string? publish, params string[] command);

    /// <summary>Starts a container that was made.</summary>
    /// <param name="container">Its name.</param>
    /// <param name="worker">Which of those who start at the same time; each is on the machine already (<see cref="NetworkMachine.RunTogether"/>).</param>
    /// <returns>Milliseconds until the engine says that it runs.</returns>
    public abstract double Start(string container, int worker = 0);

    /// <summary>Makes and starts one.</summary>
    public abstract void Run(string container, string? network, string? publish, params string[] command);

    /// <summary>Kills and removes containers.</summary>
    public abstract void Remove(params string[] containers);

    /// <summary>The process id of a container's first process.</summary>
    public abstract int ProcessId(string container);

    /// <summary>A program to be run in a container's network namespace, so that the engine's network is measured and nothing else of it.</summary>
    public Command Inside(string container, string program, params string[] arguments)
    {
        Tool nsenter = Tool.Find("nsenter") ?? throw new BenchException("nsenter is not installed (package util-linux).");
        return new Command(Context.Workspace, null, nsenter.Path, ["-t", ProcessId(container).ToString(CultureInfo.InvariantCulture), "-n", program, .. arguments]);
    }

    /// <summary>A container's address, by its own device.</summary>
    public IPAddress Address(string container)
    {
        string text = Inside(container, Tool.Find("ip")!.Path, "-4", "-o", "address", "show", "dev", "eth0").Read();
        return IPAddress.Parse(text.Split("inet ")[1].Split('/')[0]);
    }

    /// <summary>The name server that a container's own file names.</summary>
    public string Resolver(string container)
        => File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{ProcessId(container)}/root/etc/resolv.conf")).First(line => line.StartsWith("nameserver ", StringComparison.Ordinal)).Split(' ')[1];

    /// <inheritdoc/>
    public void Dispose()
    {
        Machine.Run(End);
        _neighbour?.Dispose();
        Machine.Dispose();
    }

    /// <summary>Ends the engine.</summary>
    protected abstract void End();
}
