using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>
/// A warm PowerShell session with the packaged module in it, which does what it is told over a socket and says what it took by
/// its own stopwatch (see session.ps1).
/// </summary>
internal sealed class Session : IDisposable
{
    private readonly Command _command;
    private readonly int _process;
    private readonly Socket _socket;
    private readonly StreamReader _reader;

    private Session(BenchContext context, PowerShellHost host, string engineFolder)
    {
        Host = host;
        string socketPath = context.Workspace.NewFile("session");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socketPath));
        listener.Listen(1);
        Dictionary<string, string> environment = EngineEnvironment(engineFolder);
        _command = new Command(
            context.Workspace, environment, host.Path, "-NoProfile", "-NonInteractive", "-File", context.Script("session.ps1"), socketPath, context.Module);
        _process = _command.Start();
        Task<Socket> accepting = listener.AcceptAsync();
        while (!accepting.Wait(50))
        {
            if (Command.HasEnded(_process)) throw new BenchException($"{host.Name} ended at the start: {_command.Errors()}");
        }

        _socket = accepting.Result;
        _reader = new StreamReader(new NetworkStream(_socket), Encoding.UTF8);
        try
        {
            ProcessId = (int)Answer()["process"]!;
        }
        catch (BenchException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Starts one in each PowerShell, each with an engine of its own and the small image in it.</summary>
    /// <param name="context">What the bench was called with.</param>
    /// <param name="failures">What kept one from starting; the others can be measured all the same.</param>
    public static List<Session> OpenAll(BenchContext context, List<string> failures) =>
        [.. context.Hosts.Select(host => TryOpen(context, host, failures)).OfType<Session>()];

    /// <summary>Starts one, or says why it could not be started.</summary>
    public static Session? TryOpen(BenchContext context, PowerShellHost host, List<string> failures)
    {
        Session? session = null;
        try
        {
            session = new Session(context, host, context.Workspace.NewFile("engine"));
            _ = session.Ask("import", context.SmallImage);
            return session;
        }
        catch (BenchException exception)
        {
            session?.Dispose();
            failures.Add($"the module in {host.Name}: {exception.Message}");
            return null;
        }
    }

    /// <summary>Starts one with an engine that others may have as well; nothing is imported.</summary>
    /// <param name="context">What the bench was called with.</param>
    /// <param name="host">The PowerShell.</param>
    /// <param name="engineFolder">The engine's folder.</param>
    public static Session Open(BenchContext context, PowerShellHost host, string engineFolder) => new(context, host, engineFolder);

    /// <summary>The PowerShell it runs in.</summary>
    public PowerShellHost Host { get; }

    /// <summary>The process that works, as it says itself: the one that was started may be a launcher, as that of the .NET tool is.</summary>
    public int ProcessId { get; }

    /// <summary>The variables that give an engine folders of its own.</summary>
    public static Dictionary<string, string> EngineEnvironment(string engineFolder) => new()
    {
        ["CONTAINERTOOLS_ROOT"] = Path.Combine(engineFolder, "root"),
        ["CONTAINERTOOLS_RUN"] = Path.Combine(engineFolder, "run"),
        ["NO_COLOR"] = "1",
        ["POWERSHELL_TELEMETRY_OPTOUT"] = "1",
        ["POWERSHELL_UPDATECHECK"] = "Off",
    };

    /// <summary>Has it do something.</summary>
    /// <returns>An object with milliseconds by step.</returns>
    public JsonNode Ask(string verb, params string[] arguments)
    {
        _socket.Send(Encoding.UTF8.GetBytes(string.Join('\t', [verb, .. arguments]) + "\n"));
        return Answer();
    }

    /// <summary>Has it do something that takes one number of milliseconds.</summary>
    public double Time(string verb, params string[] arguments) => (double)Ask(verb, arguments)["total"]!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose(); // It reads end of file and ends.
        _ = Command.Wait(_process);
    }

    private JsonNode Answer()
    {
        string line = _reader.ReadLine() ?? throw new BenchException($"The session ended: {_command.Errors()}");
        JsonNode answer = JsonNode.Parse(line)!;
        return answer["error"] is { } error ? throw new BenchException($"In the session: {error}") : answer;
    }
}

/// <summary>A PowerShell to measure in.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Path">Its executable.</param>
internal sealed record PowerShellHost(string Name, string Path);
