using System.Diagnostics;
using ContainerTools.Runtime.Cgroups;
using Xunit;

namespace ContainerTools.Integration.Tests.Cgroups;

/// <summary>A cgroup of the test's own on the real kernel; killed and removed at the end, its parent too.</summary>
internal sealed class LiveCgroup : IDisposable
{
    private static int s_count;
    private readonly string _parent = $"/containertools-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
    private readonly List<Process> _processes = [];

    private LiveCgroup(CgroupScope scope)
    {
        Host = CgroupHost.Detect();
        Cgroup = Host.Open(_parent + "/one", scope);
    }

    public CgroupHost Host { get; }

    public ICgroup Cgroup { get; }

    /// <summary>Skips the test, with the reason, where the machine cannot run it.</summary>
    public static LiveCgroup Create(CgroupScope scope = CgroupScope.Full, params string[] controllers)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "cgroups can be made by root only");
        var live = new LiveCgroup(scope);
        foreach (string controller in controllers)
            if (live.Host.UnsupportedReason(controller) is { } reason) Assert.Skip($"{controller}: {reason}");
        live.Cgroup.Create();
        return live;
    }

    /// <summary>The folders of the cgroup that exist.</summary>
    public IReadOnlyList<string> Folders() => [.. Host.Hierarchies.Select(hierarchy => hierarchy.Folder(Cgroup.Path).Path).Where(Directory.Exists)];

    /// <summary>Where a controller's files of this cgroup are.</summary>
    public string FolderOf(string controller)
        => Host.Hierarchies.First(hierarchy => hierarchy.Controllers.Any(one => one.Name == controller || (controller == "blkio" && one.Name == "io"))).Folder(Cgroup.Path).Path;

    /// <summary>Starts a shell in the cgroup. The script runs once it is in there.</summary>
    public Process Run(string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "read go; " + script]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        _processes.Add(process);
        Cgroup.Attach(process.Id);
        process.StandardInput.WriteLine("go");
        process.StandardInput.Flush();
        return process;
    }

    public void Dispose()
    {
        Cgroup.Thaw();
        Cgroup.Kill();
        foreach (Process process in _processes)
        {
            process.WaitForExit();
            process.Dispose();
        }

        Cgroup.Delete();
        Host.DeleteIfEmpty(_parent);
        Assert.All(Host.Hierarchies, hierarchy => Assert.False(Directory.Exists(hierarchy.Folder(_parent).Path)));
    }
}
