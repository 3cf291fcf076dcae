using System.Text.Json;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using ContainerTools.Runtime.Monitoring;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Monitoring;

/// <summary>
/// A container folder with busybox in it, a run folder and a cgroup, all of the test's own; killed and removed at the end. The monitor is the
/// real ctrun.
/// </summary>
internal sealed class MonitoredContainer : IAsyncDisposable
{
    private const string Busybox = "/bin/busybox";
    private static int s_count;

    private readonly string _temporary;
    private readonly string _cgroupParent = $"/containertools-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";

    private MonitoredContainer(string temporary, string root)
    {
        _temporary = temporary;
        Folder = Path.Combine(root, "containers", "abc");
        RunFolder = Path.Combine(root, "run", "abc");
        NameLink = Path.Combine(root, "names", "web");
        Record = new MonitorRecord { Id = "abc", ContainerFolder = Folder, LogPath = Log, NameLink = NameLink };
    }

    public string Folder { get; }

    public string RunFolder { get; }

    public string NameLink { get; }

    public string Log => Path.Combine(Folder, "log");

    public MonitorRecord Record { get; set; }

    public OciResources? Resources { get; set; }

    public bool Terminal { get; set; }

    public bool PidNamespace { get; set; } = true;

    public ICgroup Cgroup => CgroupHost.Current.Open(_cgroupParent + "/abc");

    /// <summary>Skips the test, with the reason, where the machine cannot run it.</summary>
    /// <param name="folderName">Makes the paths longer.</param>
    public static MonitoredContainer Create(string folderName = "c")
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "containers with a root file system of another user's can be started by root only");
        Assert.SkipUnless(File.Exists(Busybox), "busybox-static is not installed");
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("CONTAINERTOOLS_CTRUN") is { Length: > 0 },
            "CONTAINERTOOLS_CTRUN does not name a published ctrun (build.sh test sets it)");
        string temporary = Directory.CreateTempSubdirectory("monitor-").FullName;
        MonitoredContainer container = new(temporary, Path.Combine(temporary, folderName));
        string rootfs = Path.Combine(container.Folder, "rootfs");
        foreach (string folder in new[] { "bin", "proc", "dev", "sys", "tmp" }) Directory.CreateDirectory(Path.Combine(rootfs, folder));
        File.Copy(Busybox, Path.Combine(rootfs, "bin", "busybox"));
        foreach (string name in new[] { "sh", "true", "cat", "sleep", "seq", "yes", "head", "dd", "stty", "printf", "echo", "tr" })
        {
            File.CreateSymbolicLink(Path.Combine(rootfs, "bin", name), "busybox");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(container.NameLink)!);
        File.CreateSymbolicLink(container.NameLink, "abc");
        return container;
    }

    /// <summary>Writes config.json and monitor.json.</summary>
    public void Write(params string[] command)
    {
        Directory.CreateDirectory(RunFolder);
        List<OciNamespace> namespaces = [new("mount"), new("uts"), new("ipc"), new("network")];
        if (PidNamespace) namespaces.Add(new OciNamespace("pid"));
        OciSpec spec = new()
        {
            Root = new OciRoot { Path = Path.Combine(Folder, "rootfs") },
            Process = new OciProcess { Args = command, Env = ["PATH=/bin"], Cwd = "/", Terminal = Terminal },
            Mounts =
            [
                new OciMount { Destination = "/proc", Type = "proc", Source = "proc" },
                new OciMount { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "mode=755"] },
                new OciMount { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
            ],
            Linux = new OciLinux { CgroupsPath = Cgroup.Path, Resources = Resources, Namespaces = namespaces },
        };
        File.WriteAllBytes(Path.Combine(RunFolder, "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, OciJson.Default.OciSpec));
        File.WriteAllBytes(Path.Combine(RunFolder, "monitor.json"), JsonSerializer.SerializeToUtf8Bytes(Record, RunJson.Default.MonitorRecord));
    }

    /// <summary>Writes the files and starts the monitor.</summary>
    public async Task<int> StartAsync(params string[] command)
    {
        Write(command);
        return await MonitorProcess.StartAsync(RunFolder, null, Cancelled);
    }

    /// <summary>Runs a shell script.</summary>
    public Task<int> StartScriptAsync(string script) => StartAsync("/bin/sh", "-c", script);

    public RunRecord State() => JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(RunFolder, "state.json")), RunJson.Default.RunRecord)!;

    public ExitRecord Exit() => JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(Folder, "exit.json")), RunJson.Default.ExitRecord)!;

    /// <summary>The monitor's pidfd; null when it has ended.</summary>
    public SafeFileHandle? OpenMonitor()
    {
        try
        {
            RunRecord state = State();
            SafeFileHandle? monitor = Libc.OpenProcess(state.MonitorProcessId);
            return ProcessStat.IsAlive(state.MonitorProcessId, state.MonitorStartTime) ? monitor : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Waits for the monitor's end and reads how the container ended.</summary>
    public async Task<ExitRecord> WaitAsync()
    {
        using SafeFileHandle? monitor = OpenMonitor();
        if (monitor is not null) await DescriptorWaiter.WaitReadableAsync(monitor, Cancelled);
        return Exit();
    }

    /// <summary>The log's lines.</summary>
    public async Task<List<ContainerLogEntry>> LogAsync()
    {
        List<ContainerLogEntry> lines = [];
        await foreach (ContainerLogEntry line in new LogReader(Log, "web").ReadAsync(new ContainerLogOptions(), null, Cancelled)) lines.Add(line);
        return lines;
    }

    /// <summary>Waits for a condition that nothing can be waited for by.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(10, Cancelled);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        using (SafeFileHandle? monitor = OpenMonitor())
        {
            if (monitor is not null)
            {
                Libc.SendSignal(monitor, Signal.SIGKILL);
                await DescriptorWaiter.WaitReadableAsync(monitor, CancellationToken.None);
            }
        }

        if (Cgroup.Exists)
        {
            Cgroup.Kill();
            Cgroup.Delete();
        }

        CgroupHost.Current.DeleteIfEmpty(_cgroupParent);
        Directory.Delete(_temporary, recursive: true);
    }
}
