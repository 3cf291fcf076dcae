using System.Diagnostics;
using System.Globalization;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Volumes;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>
/// A process of its own that brings images into the store of a test and removes them, to be killed in the middle of it. It says which one it has
/// brought in a file, because a line in a pipe might be lost with it.
/// </summary>
internal static class StoreWorker
{
    public const string Verb = "store-worker";

    /// <summary>What can be interrupted.</summary>
    public static readonly string[] Operations = ["import", "pull", "commit"];

    /// <summary>Starts a worker.</summary>
    /// <param name="wrapper">The program, with its arguments, that runs the worker; empty for none.</param>
    /// <param name="folder">The folder of the test.</param>
    /// <param name="operation">What it does.</param>
    /// <param name="registry">Where it pulls from.</param>
    /// <param name="times">How often.</param>
    public static Process Start(IEnumerable<string> wrapper, string folder, string operation, string registry, int times)
    {
        string host = Environment.ProcessPath!;
        List<string> command = [.. wrapper, host];
        if (Path.GetFileName(host) == "dotnet") command.Add(typeof(StoreWorker).Assembly.Location);
        command.AddRange([Verb, folder, operation, registry, times.ToString(CultureInfo.InvariantCulture)]);
        ProcessStartInfo start = new(command[0], command.Skip(1)) { RedirectStandardError = true };
        // Without these, the runtime itself makes and removes files, at which a fault would be injected.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    /// <summary>Runs a worker once, and tells the system calls by which something appears or becomes durable, in their order.</summary>
    public static async Task<List<string>> TraceAsync(string folder, string operation, CancellationToken cancellationToken)
    {
        string log = Path.Combine(Path.GetTempPath(), $"containertools-trace-{Guid.NewGuid():n}");
        using Process worker = Start(["strace", "-f", "-qq", "-o", log, "-e", "trace=rename,fsync,syncfs"], folder, operation, "none", 1);
        string errors = await worker.StandardError.ReadToEndAsync(cancellationToken);
        await worker.WaitForExitAsync(cancellationToken);
        if (worker.ExitCode != 0) throw new InvalidOperationException(errors);
        List<string> calls = [.. File.ReadLines(log)];
        File.Delete(log);
        return calls;
    }

    /// <summary>The file that says which image was brought last.</summary>
    public static string Acknowledged(string folder) => Path.Combine(folder, "acknowledged");

    /// <summary>The archive of one of three images: a layer that all have, and one of its own.</summary>
    public static string Archive(string folder, int number) => Path.Combine(folder, "scratch", $"box{number}.tar");

    /// <summary>Runs a worker.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        string folder = arguments[0];
        EnginePaths paths = new(Path.Combine(folder, "root"), Path.Combine(folder, "run"));
        ImageStore store = new(paths, _ => AsyncEnumerable.Empty<ImageUse>());
        int times = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        for (int i = 0; i < times; i++)
        {
            string name = await BringAsync(store, paths, folder, arguments[1], arguments[2], i % 3);
            string acknowledged = Acknowledged(folder);
            File.WriteAllText(acknowledged + ".new", name);
            File.Move(acknowledged + ".new", acknowledged, overwrite: true);
            List<ContainerImage> others = await store.ListAsync(CancellationToken.None).Where(image => image.Reference != name && image.Reference != "base:latest").ToListAsync();
            foreach (ContainerImage other in others) await store.RemoveAsync(other.Reference ?? other.Id, new ImageRemoveOptions(), CancellationToken.None);
        }

        return 0;
    }

    /// <summary>Brings one of the images.</summary>
    /// <returns>Its name.</returns>
    public static async Task<string> BringAsync(ImageStore store, EnginePaths paths, string folder, string operation, string registry, int number)
    {
        string name = $"box{number}:1";
        switch (operation)
        {
            case "import":
                await store.ImportAsync(new ImageImportOptions { Path = Archive(folder, number), Reference = name }, null, CancellationToken.None);
                return name;
            case "pull":
                LocalRegistryOperations operations = new(paths, store, () => FakeRegistry.Impatient);
                await operations.PullAsync(new ImagePullOptions { Reference = $"{registry}/{name}", Access = FakeRegistry.Plain }, null, CancellationToken.None);
                return $"{registry}/{name}";
            case "volume":
                new VolumeStore(paths).Ensure("data", data => File.WriteAllText(Path.Combine(data, "file"), "x"), CancellationToken.None);
                return name;
            case "merge":
                Directory.CreateDirectory(Path.Combine(folder, "container"));
                new BtrfsDriver().Prepare(Path.Combine(folder, "container"), [Path.Combine(folder, "layers", "0", LayerStore.DiffName)], 0, CancellationToken.None);
                return name;
            default:
                await store.CommitAsync(Commit(name, Layer(name)), null, CancellationToken.None);
                return name;
        }
    }

    /// <summary>A commit of a layer, onto the image <c>base</c>.</summary>
    public static ImageCommit Commit(string name, byte[] layer) => new()
    {
        BaseImage = "base",
        Subject = "the container",
        Reference = name,
        Configure = config => config with { Created = "2024-01-01T00:00:00Z" },
        WriteLayer = async (stream, token) =>
        {
            await stream.WriteAsync(layer, token);
            return true;
        },
    };

    /// <summary>A layer of a hundred files.</summary>
    public static byte[] Layer(string content)
    {
        TarBuilder tar = new TarBuilder().Folder("files");
        for (int i = 0; i < 100; i++) tar.File($"files/{i}", content);
        return tar.Build();
    }
}
