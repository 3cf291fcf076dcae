using System.Diagnostics;
using System.Text;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Layers;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>An engine over folders of its own, with an image of busybox. Removes all its containers at the end.</summary>
public sealed class EngineFixture : IAsyncLifetime
{
    public const string ImageName = "busybox:test";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");

    public EnginePaths Paths => new(Path.Combine(_folder, "root"), Path.Combine(_folder, "run"));

    /// <summary>No files of the machine: what its administrator has forbidden is nothing to the tests.</summary>
    internal MachineFiles Files => new() { Configuration = Path.Combine(_folder, "engine.json"), Registries = static () => new RegistrySettings() };
    public string Scratch => Path.Combine(_folder, "scratch");
    internal LocalContainerEngine Engine { get; private set; } = null!;
    public IContainerOperations Containers => Engine.Containers;
    public string? SkipReason { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Scratch);
        Engine = new LocalContainerEngine(Paths, Files);
        SkipReason = Probe();
        if (SkipReason is not null) return;
        await Engine.Images.ImportAsync(
            new ImageImportOptions { Path = Rootfs(), Reference = ImageName, Configuration = new ImageConfiguration { Command = ["sh"] } }, null, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (SkipReason is null)
        {
            await foreach (Container container in Containers.ListAsync(ContainerFilter.All, CancellationToken.None))
            {
                await RemoveAsync(container.Id);
            }

            CgroupHost.Current.DeleteIfEmpty("/containertools");
        }

        FolderRemoval.Remove(_folder);
    }

    private async Task RemoveAsync(string id)
    {
        try
        {
            await Containers.RemoveAsync(id, new ContainerRemoveOptions { Force = true }, CancellationToken.None);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
        {
            // One with AutoRemove that a test killed went by itself after it was listed.
        }
    }

    /// <summary>Options without a network: tests of other things neither need one nor touch the machine's.</summary>
    public ContainerCreateOptions Options(params string[] command) => new() { Image = ImageName, Command = command, NetworkMode = "none" };

    /// <summary>Makes and starts a container.</summary>
    public async Task<Container> StartAsync(ContainerCreateOptions options)
    {
        Assert.SkipWhen(SkipReason is not null, SkipReason ?? "");
        Container made = await Containers.CreateAsync(options, Cancel);
        return await Containers.StartAsync(made.Id, Cancel);
    }

    /// <summary>Makes and starts a container that runs until it is stopped, and ends at once then.</summary>
    public Task<Container> StartSleeperAsync() => StartAsync(Options("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"));

    /// <summary>Runs a container to its end: its exit code and all it wrote.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(ContainerCreateOptions options)
    {
        Container container = await StartAsync(options);
        Container ended = await Containers.WaitAsync(container.Id, Cancel);
        string output = await LogAsync(container.Id);
        await Containers.RemoveAsync(container.Id, new ContainerRemoveOptions(), Cancel);
        return (ended.ExitCode!.Value, output);
    }

    /// <summary>All lines of a log, each with a line end.</summary>
    public async Task<string> LogAsync(string container)
    {
        StringBuilder text = new();
        await foreach (ContainerLogEntry entry in Containers.ReadLogAsync(container, new ContainerLogOptions(), Cancel)) text.Append(entry.Message).Append('\n');
        return text.ToString();
    }

    /// <summary>Follows a log until a line fits.</summary>
    public async Task WaitForLineAsync(string container, string line)
    {
        await foreach (ContainerLogEntry entry in Containers.ReadLogAsync(container, new ContainerLogOptions { Follow = true }, Cancel))
        {
            if (entry.Message == line) return;
        }

        Assert.Fail($"the container ended and did not write '{line}'; it wrote: {await LogAsync(container)}");
    }

    /// <summary>Waits until something holds that nobody notifies of.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds()) await Task.Delay(10, Cancel);
    }

    private static string? Probe()
    {
        if (!Environment.IsPrivilegedProcess) return "needs root: namespaces, mounts and cgroups";
        if (!File.Exists("/bin/busybox")) return "needs busybox-static, which is not installed";
        try
        {
            EngineTools.Ctrun();
            return null;
        }
        catch (ContainerException error)
        {
            return $"needs ctrun: {error.Message}";
        }
    }

    private string Rootfs()
    {
        string root = Path.Combine(Scratch, "rootfs");
        foreach (string folder in (string[])["bin", "etc", "tmp", "proc", "dev", "sys", "data"]) Directory.CreateDirectory(Path.Combine(root, folder));
        File.Copy("/bin/busybox", Path.Combine(root, "bin/busybox"));
        foreach (string applet in Run("/bin/busybox", "--list").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (applet != "busybox") File.CreateSymbolicLink(Path.Combine(root, "bin", applet), "busybox");
        }

        File.WriteAllText(Path.Combine(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nmail:x:8:12:mail:/var/mail:/bin/sh\n");
        File.WriteAllText(Path.Combine(root, "etc/group"), "root:x:0:\nmail:x:12:\nextra:x:99:mail\n");
        File.WriteAllText(Path.Combine(root, "etc/plain"), "no program\n");
        File.WriteAllText(Path.Combine(root, "data/seed"), "seed\n");
        string tar = Path.Combine(Scratch, "busybox.tar");
        Run("tar", "-C", root, "--owner=0", "--group=0", "--numeric-owner", "-cf", tar, ".");
        return tar;
    }

    private static string Run(string tool, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
