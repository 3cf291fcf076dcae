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
    private readonly string? _control;
    private readonly string[] _handedDown = [];

    private LiveCgroup(CgroupHost host, CgroupScope scope)
    {
        Host = host;
        Cgroup = Host.Open(_parent + "/one", scope);
        _control = host.HasV2 ? host.Hierarchies[0].Root.PathOf("cgroup.subtree_control") : null;
        if (_control is not null) _handedDown = HandedDown(_control);
    }

    public CgroupHost Host { get; }

    public ICgroup Cgroup { get; }

    /// <summary>Skips the test, with the reason, where the machine cannot run it.</summary>
    public static LiveCgroup Create(params string[] controllers) => Create(Flavour.AsMounted, CgroupScope.Full, controllers);

    /// <summary>Skips the test, with the reason, where the machine cannot run it.</summary>
    public static LiveCgroup Create(Flavour flavour, CgroupScope scope, params string[] controllers)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "cgroups can be made by root only");
        CgroupHost? host = Flavours.Detect(flavour, out string reason);
        Assert.SkipWhen(host is null, reason);
        foreach (string controller in controllers)
            if (host.UnsupportedReason(controller) is { } missing) Assert.Skip($"{controller}: {missing}");
        var live = new LiveCgroup(host, scope);
        live.Cgroup.Create();
        return live;
    }

    /// <summary>The folders of the cgroup that exist.</summary>
    public IReadOnlyList<string> Folders() => [.. Host.Hierarchies.Select(hierarchy => hierarchy.Folder(Cgroup.Path).Path).Where(Directory.Exists)];

    /// <summary>Where a controller's files of this cgroup are.</summary>
    public string FolderOf(string controller)
        => Host.Hierarchies.First(hierarchy => hierarchy.Controllers.Any(one => one.Name == controller || (controller == "blkio" && one.Name == "io"))).Folder(Cgroup.Path).Path;

    /// <summary>Starts a shell that runs the script once it is in the cgroup.</summary>
    public Process Run(string script)
    {
        Process process = Start(script);
        Cgroup.Attach(process.Id);
        Go(process);
        return process;
    }

    /// <summary>Starts a shell that waits, outside of the cgroup, for <see cref="Go"/>.</summary>
    public Process Start(string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "read go; " + script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        _processes.Add(process);
        return process;
    }

    public static void Go(Process process)
    {
        process.StandardInput.WriteLine("go");
        process.StandardInput.Flush();
    }

    /// <summary>Waits for something that the kernel does in its own time; the guard only ends a test that hangs.</summary>
    public static void WaitUntil(Func<bool> condition, string what)
    {
        var guard = Stopwatch.StartNew();
        while (!condition())
        {
            if (guard.Elapsed > TimeSpan.FromMinutes(2)) Assert.Fail($"waited two minutes for: {what}");
            Thread.Sleep(1);
        }
    }

    public void Dispose()
    {
        Cgroup.Thaw();
        Cgroup.Kill();
        foreach (Process process in _processes)
        {
            // One that a test never let in is outside, and still waits.
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }

        Cgroup.Delete();
        Host.DeleteIfEmpty(_parent);
        // The machine is left as it was: the controllers that the root of v2 hands down too.
        if (_control is not null)
            foreach (string controller in HandedDown(_control).Except(_handedDown)) File.WriteAllText(_control, "-" + controller);
        Assert.All(Host.Hierarchies, hierarchy => Assert.False(Directory.Exists(hierarchy.Folder(_parent).Path)));
    }

    private static string[] HandedDown(string control) => File.ReadAllText(control).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
