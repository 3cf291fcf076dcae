using System.Diagnostics;
using ContainerTools.Runtime;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>An engine in a process of its own that does one thing with networks, to be killed in the middle of it.</summary>
internal static class NetworkWorker
{
    public const string Verb = "network-worker";

    /// <summary>Starts a worker under strace(1), which kills it as it comes to a system call for the so-manieth time. What it spawns is left alone.</summary>
    public static Process Start(EnginePaths paths, string operation, string call, int when)
    {
        ProcessStartInfo start = new(
            "strace",
            ["-f", "-qq", "--detach-on=execve", "-o", "/dev/null", "-e", $"trace={call}", "-e", FormattableString.Invariant($"inject={call}:signal=KILL:when={when}"),
                Environment.ProcessPath!, Verb, paths.Root, paths.Run, operation])
        {
            RedirectStandardError = true,
        };
        // Without these, the runtime itself makes and removes files, at which it would be killed.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    /// <summary>Runs a worker.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using LocalContainerEngine engine = new(new EnginePaths(arguments[0], arguments[1]));
        await DoAsync(engine, arguments[2]);
        return 0;
    }

    /// <summary>Does one thing.</summary>
    public static Task DoAsync(IContainerEngine engine, string operation) => operation switch
    {
        "create" => engine.Networks.CreateAsync(new NetworkCreateOptions { Name = "green" }, CancellationToken.None),
        "remove" => engine.Networks.RemoveAsync("green", CancellationToken.None),
        "start" => engine.Containers.StartAsync("web", CancellationToken.None),
        "connect" => engine.Networks.ConnectAsync("web", NetworkAttachment.Parse("name=blue,alias=www"), CancellationToken.None),
        "disconnect" => engine.Networks.DisconnectAsync("web", "red", CancellationToken.None),
        "rename" => engine.Containers.RenameAsync("web", "shop", CancellationToken.None),
        _ => throw new ArgumentException(operation),
    };
}
