using System.Diagnostics;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>A store in a folder of its own, a scratch folder, and the other tools that read and write images.</summary>
public sealed class StoreFixture : IDisposable
{
    internal StoreFixture(string? root = null)
    {
        Folder = root ?? Path.Combine(Path.GetTempPath(), $"containertools-tests-{Guid.NewGuid():n}");
        Scratch = Path.Combine(Folder, "scratch");
        Directory.CreateDirectory(Scratch);
        Paths = new EnginePaths(Path.Combine(Folder, "root"), Path.Combine(Folder, "run"));
        Store = NewStore();
    }

    public string Folder { get; }

    public string Scratch { get; }

    internal EnginePaths Paths { get; }

    internal ImageStore Store { get; }

    internal List<ImageUse> Uses { get; } = [];

    /// <summary>A store that has nothing in memory yet, as another process would see it.</summary>
    internal ImageStore NewStore() => new(Paths, _ => Uses.ToAsyncEnumerable());

    public static void RequireRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: owners, devices and trusted attributes");

    public static void RequireTool(string name)
        => Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name))), $"needs {name}, which is not installed");

    /// <summary>Runs a tool; its output, or the test fails with what it said.</summary>
    public static string Run(string tool, params string[] arguments)
    {
        ProcessStartInfo start = new(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool} {string.Join(' ', arguments)}: exit code {process.ExitCode}: {error.Result}");
        return output;
    }

    /// <summary>A tar of a small but real root file system: busybox with a few links.</summary>
    public string BusyboxTar()
    {
        RequireTool("busybox");
        string root = Path.Combine(Scratch, "busybox-root");
        foreach (string folder in new[] { "bin", "etc", "tmp", "proc", "dev" }) Directory.CreateDirectory(Path.Combine(root, folder));
        Run("cp", "/bin/busybox", Path.Combine(root, "bin/busybox"));
        foreach (string name in new[] { "sh", "true", "ls", "cat", "echo", "sleep" })
        {
            string link = Path.Combine(root, "bin", name);
            if (!File.Exists(link)) File.CreateSymbolicLink(link, "busybox");
        }

        File.WriteAllText(Path.Combine(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
        Run("chmod", "1777", Path.Combine(root, "tmp"));
        string tar = Path.Combine(Scratch, "busybox.tar");
        Run("tar", "-C", root, "--owner=0", "--group=0", "--numeric-owner", "-cf", tar, ".");
        return tar;
    }

    public string[] Ingests() => Directory.Exists(Path.Combine(Paths.Root, "ingest")) ? Directory.GetDirectories(Path.Combine(Paths.Root, "ingest")) : [];

    public void Dispose() => FolderRemoval.Remove(Folder);
}
