using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>The distribution's registry on loopback, without TLS, for everybody who is measured the same.</summary>
internal sealed class LoopbackRegistry : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly BenchContext _context;
    private readonly int _process;
    private readonly string _data;

    private LoopbackRegistry(BenchContext context, Tool server)
    {
        _context = context;
        string folder = context.Workspace.NewFile("registry");
        Directory.CreateDirectory(folder);
        _data = Path.Combine(folder, "data");
        int port = FreePort();
        Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        string file = Path.Combine(folder, "config.yml");
        File.WriteAllText(file, $"version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {_data}\nhttp:\n  addr: {Host}\n");
        Command command = new(context.Workspace, null, server.Path, "serve", file);
        _process = command.Start();
        DateTime end = DateTime.UtcNow + s_patience;
        while (!Answers(port))
        {
            if (Command.HasEnded(_process)) throw new BenchException($"docker-registry ended: {command.Errors()}");
            if (DateTime.UtcNow > end) throw new BenchException($"docker-registry does not respond: {command.Errors()}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Its host and port.</summary>
    public string Host { get; }

    /// <summary>Starts it; null where it, or skopeo, which fills it, is not installed.</summary>
    public static LoopbackRegistry? TryStart(BenchContext context)
        => Tool.Find("docker-registry") is { } server && Tool.Find("skopeo") is not null ? new LoopbackRegistry(context, server) : null;

    /// <summary>Brings an image there.</summary>
    /// <param name="layers">Its layers' tar files, the lowest first.</param>
    /// <param name="name">Repository and tag.</param>
    /// <param name="compression">As skopeo calls it; null for gzip.</param>
    /// <returns>The whole reference.</returns>
    public string Add(IReadOnlyList<string> layers, string name, string? compression = null)
    {
        string layout = _context.Workspace.NewFile("registry-layout");
        ImageArchive.WriteLayout(layers, "new", layout);
        string[] format = compression is null ? [] : ["--dest-compress-format", compression];
        string[] copy = ["copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", .. format, $"oci:{layout}:new", $"docker://{Host}/{name}"];
        new Command(_context.Workspace, null, Tool.Find("skopeo")!.Path, copy).Time();
        Directory.Delete(layout, recursive: true);
        return $"{Host}/{name}";
    }

    /// <summary>Removes all that it has: it keeps nothing in memory that tells of it.</summary>
    public void Clear()
    {
        if (Directory.Exists(_data)) Directory.Delete(_data, recursive: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Libc.Kill(_process, Libc.SignalKill);
        while (!Command.HasEnded(_process)) Thread.Sleep(20);
        Clear();
    }

    private static bool Answers(int port)
    {
        try
        {
            using TcpClient client = new();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
