using System.Diagnostics;
using System.Globalization;
using ContainerTools.Integration.Tests.Ctrun;
using ContainerTools.Runtime;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>
/// A mount, network and process namespace in which somebody else's engine runs, with a tmpfs for its roots and a cgroup parent of its own. When it is
/// disposed of, its first process dies and with it everything the engine has started; then its cgroups are removed.
/// </summary>
internal sealed class EngineSandbox : IDisposable
{
    private const string Busybox = "/bin/busybox";
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(3);
    private static int s_count;
    private readonly Process _holder;
    private readonly string _first;

    private EngineSandbox(string folder, Process holder, string first)
    {
        Folder = folder;
        _holder = holder;
        _first = first;
    }

    /// <summary>Where the engine keeps everything; seen from inside it is a tmpfs.</summary>
    public string Folder { get; }

    /// <summary>The same folder, seen from outside.</summary>
    public string FolderFromOutside => $"/proc/{_first}/root{Folder}";

    /// <summary>The parent of its containers' cgroups.</summary>
    public string CgroupParent { get; } = $"/ctrun-engine-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";

    /// <summary>Environment variables for all that runs inside.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>The runtime under test.</summary>
    public static string Ctrun => EngineTools.Ctrun();

    /// <summary>Why this machine cannot run it, or null.</summary>
    public static string? Obstacle(params string[] tools)
    {
        if (!Environment.IsPrivilegedProcess) return "engines are tried as root";
        if (!File.Exists(Busybox)) return "busybox-static is not installed";
        foreach (string tool in (string[])[.. tools, "unshare", "nsenter"])
        {
            if (Find(tool) is null) return $"{tool} is not installed";
        }

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

    /// <summary>Where a program is, or null.</summary>
    public static string? Find(string tool)
        => (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);

    /// <summary>Makes the namespaces, and a root file system at rootfs and rootfs.tar.</summary>
    /// <exception cref="ContainerException">This machine does not let it.</exception>
    public static EngineSandbox Create()
    {
        string folder = Directory.CreateTempSubdirectory("ctrun-engine-").FullName;
        // A hierarchy of v2 beside those of v1 is put out of sight: crun and old engines take the machine for a broken one. Where v2 is all there is, it stays.
        string script = $"umount /sys/fs/cgroup/unified 2>/dev/null; mount -t tmpfs -o mode=755 tmpfs {folder} && echo ready && exec tail -f /dev/null";
        Process holder = Process.Start(new ProcessStartInfo(
            "unshare", ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "slave", "/bin/sh", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        if (holder.StandardOutput.ReadLine() != "ready")
        {
            holder.Kill();
            string error = holder.StandardError.ReadToEnd().Trim();
            Directory.Delete(folder);
            throw new ContainerException(ErrorCode.NotSupported, $"no namespaces of its own can be made for an engine here: {error}", "unshare");
        }

        string children = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/task/{holder.Id}/children"));
        var sandbox = new EngineSandbox(folder, holder, children.Trim());
        sandbox.Variables["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        sandbox.Shell(
            "ip link set lo up 2>/dev/null; mkdir -p rootfs/bin rootfs/proc rootfs/dev rootfs/sys rootfs/tmp rootfs/etc run && cp /bin/busybox rootfs/bin/ && "
            + "for name in sh true cat sleep echo id tty stty kill grep readlink awk ls mount umount unshare mknod head tail tr cut sort env hostname wc mkdir touch pwd; do ln -s busybox rootfs/bin/$name; done && "
            + "echo root:x:0:0:root:/:/bin/sh > rootfs/etc/passwd && tar -C rootfs -cf rootfs.tar .");
        return sandbox;
    }

    /// <summary>Runs a program inside to its end.</summary>
    public CommandResult Run(params string[] command) => RunWithInput("", command);

    /// <summary>Runs a program inside to its end, with something on its standard input.</summary>
    public CommandResult RunWithInput(string input, params string[] command)
    {
        using Process process = Process.Start(Inside(command))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(s_hang), $"{string.Join(' ', command)} does not end");
        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs a program inside, which must succeed, and returns its output.</summary>
    public string Succeed(params string[] command)
    {
        CommandResult result = Run(command);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}: {result.ExitCode} {result.Output}{result.Error}");
        return result.Output;
    }

    /// <summary>Runs a command on a terminal (script(1)) and returns what the terminal showed.</summary>
    public CommandResult OnTerminal(string input, params string[] command)
    {
        Assert.SkipWhen(Find("script") is null, "script(1) is not installed");
        string line = string.Join(' ', command.Select(word => $"'{word}'"));
        return RunWithInput(input, "script", "-qefc", line, "/dev/null");
    }

    /// <summary>A script inside, in the folder; it must succeed.</summary>
    public string Shell(string script) => Succeed("/bin/sh", "-c", script);

    /// <summary>Writes a file inside, by its path in the folder.</summary>
    public void Write(string name, string text) => RunWithInput(text + "\n", "/bin/sh", "-c", $"cat > {name}");

    /// <summary>Starts a daemon inside that writes to a log of this name, and waits until a command succeeds.</summary>
    /// <exception cref="ContainerException">It ended, or never answered.</exception>
    public void StartDaemon(string name, string command, params string[] ready)
    {
        Shell($"{command} </dev/null >{Folder}/{name}.log 2>&1 & echo $! > {Folder}/{name}.pid");
        for (long end = Environment.TickCount64 + (long)s_hang.TotalMilliseconds; Run(ready).ExitCode != 0; Thread.Sleep(50))
        {
            if (Environment.TickCount64 > end || Run("/bin/sh", "-c", $"kill -0 $(cat {name}.pid)").ExitCode != 0)
                throw new ContainerException(ErrorCode.NotSupported, $"{name} does not start on this machine: {Shell($"tail -n 5 {name}.log")}", name);
        }
    }

    /// <summary>Waits for what happens in its own time; the guard only ends a test that hangs.</summary>
    public static void WaitUntil(Func<bool> condition, string what)
    {
        for (long end = Environment.TickCount64 + (long)s_hang.TotalMilliseconds; !condition(); Thread.Sleep(20))
            Assert.True(Environment.TickCount64 < end, $"waited in vain for: {what}");
    }

    public void Dispose()
    {
        // The first process of a process namespace takes all others along, and is gone only after them.
        _holder.Kill(entireProcessTree: true);
        _holder.WaitForExit();
        _holder.Dispose();
        Directory.Delete(Folder);
        List<string> left = [.. CgroupFolders()];
        WaitUntil(
            () =>
            {
                left.RemoveAll(RemoveTree);
                return left.Count == 0;
            },
            $"removing the cgroups {CgroupParent}");
    }

    private IEnumerable<string> CgroupFolders()
        => ((string[])["/sys/fs/cgroup", .. Directory.GetDirectories("/sys/fs/cgroup")]).Select(root => root + CgroupParent).Where(Directory.Exists);

    /// <summary>Removes a cgroup with its children; false while a process is in it.</summary>
    public static bool RemoveTree(string folder)
    {
        try
        {
            foreach (string child in Directory.GetDirectories(folder)) RemoveTree(child);
            Directory.Delete(folder);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            // Busy: a process that has been killed has not left yet.
            return false;
        }
    }

    private ProcessStartInfo Inside(string[] command)
    {
        var start = new ProcessStartInfo("nsenter", ["-t", _first, "-m", "-n", "-p", "--", "/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", Folder, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in Variables) start.Environment[name] = value;
        return start;
    }
}
