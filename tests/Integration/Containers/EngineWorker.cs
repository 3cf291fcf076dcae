using System.Diagnostics;
using System.Globalization;
using ContainerTools.Runtime;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>
/// A process of its own that works on the containers of a test: this program again, with the folders and what to do as arguments. It writes a
/// line for each thing it has done.
/// </summary>
internal static class EngineWorker
{
    public const string Verb = "worker";

    /// <summary>Starts a worker.</summary>
    public static Process Start(EnginePaths paths, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, [Verb, paths.Root, paths.Run, .. arguments]) { RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    /// <summary>Runs a worker.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using LocalContainerEngine engine = new(new EnginePaths(arguments[0], arguments[1]));
        IContainerOperations containers = engine.Containers;
        int count = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        switch (arguments[2])
        {
            // Makes containers, so many at a time.
            case "create":
                await Task.WhenAll(Enumerable.Range(0, count).Select(async _ => Say((await containers.CreateAsync(Options(), default)).Id)));
                return 0;

            // The whole life, so many at a time.
            case "live":
                await Task.WhenAll(Enumerable.Range(0, count).Select(_ => LiveAsync(containers)));
                return 0;

            // One after another until it is killed: makes, starts, renames, removes.
            case "churn":
                for (int number = 0; ; number++)
                {
                    Container made = await containers.CreateAsync(Options(), default);
                    Say("+ " + made.Id);
                    if (number % 2 == 0) await containers.StartAsync(made.Id, default);
                    if (number % 3 == 0) await containers.RenameAsync(made.Id, "r" + made.ShortId, default);
                    if (number % 5 != 0)
                    {
                        Say("- " + made.Id);
                        await containers.RemoveAsync(made.Id, new ContainerRemoveOptions { Force = true }, default);
                    }
                }

            // Makes an image of the container with this name, again and again.
            case "commit":
                while (true) await containers.CommitAsync(arguments[4], new ContainerCommitOptions(), null, default);

            default:
                return 2;
        }
    }

    private static async Task LiveAsync(IContainerOperations containers)
    {
        Container made = await containers.CreateAsync(Options(), default);
        await containers.StartAsync(made.Id, default);
        Container ended = await containers.WaitAsync(made.Id, default);
        await containers.RemoveAsync(made.Id, new ContainerRemoveOptions(), default);
        Say($"{made.Id} {ended.ExitCode}");
    }

    private static ContainerCreateOptions Options() => new() { Image = EngineFixture.ImageName, Command = ["sh", "-c", "exit 7"], NetworkMode = "none" };

    private static void Say(string line)
    {
        lock (Console.Out)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
