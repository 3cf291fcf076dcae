using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>What a command left.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>An OCI bundle with busybox in it, and a folder for ctrun's state; containers that are left are deleted at the end.</summary>
internal sealed class CtrunBundle : IDisposable
{
    private const string Busybox = "/bin/busybox";
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(3);
    private static int s_count;

    private CtrunBundle(string folder) => Folder = folder;

    /// <summary>The bundle.</summary>
    public string Folder { get; }

    /// <summary>ctrun's --root.</summary>
    public string Root => Path.Combine(Folder, "state");

    /// <summary>The cgroup's path.</summary>
    public string CgroupPath { get; } = $"/ctrun-test-{System.Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";

    /// <summary>What ctrun finds in its environment beyond this process's.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

    public ICgroup Cgroup => CgroupHost.Current.Open(CgroupPath);

    /// <summary>Skips the test, with the reason, where the machine cannot run it.</summary>
    public static CtrunBundle Create()
    {
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess, "ctrun is tried as root");
        Assert.SkipUnless(File.Exists(Busybox), "busybox-static is not installed");
        try
        {
            EngineTools.Ctrun();
        }
        catch (ContainerException error)
        {
            Assert.Skip($"needs ctrun: {error.Message}");
        }

        CtrunBundle bundle = new(Directory.CreateTempSubdirectory("ctrun-").FullName);
        string rootfs = Path.Combine(bundle.Folder, "rootfs");
        foreach (string folder in (string[])["bin", "proc", "dev", "sys", "tmp", "etc"]) Directory.CreateDirectory(Path.Combine(rootfs, folder));
        File.Copy(Busybox, Path.Combine(rootfs, "bin", "busybox"));
        foreach (string name in (string[])["sh", "true", "cat", "sleep", "echo", "id", "grep", "stty", "tty", "unshare", "ls", "env", "printf", "hostname", "kill"])
        {
            File.CreateSymbolicLink(Path.Combine(rootfs, "bin", name), "busybox");
        }

        File.WriteAllText(Path.Combine(rootfs, "bin", "text"), "not a program");
        return bundle;
    }

    /// <summary>Writes config.json: runc's template with a command, and a change.</summary>
    public void Write(IReadOnlyList<string> command, Func<OciSpec, OciSpec>? change = null)
    {
        OciSpec spec = SpecTemplate.Create(null);
        spec = spec with
        {
            Process = spec.Process! with { Args = command, Terminal = false },
            Linux = spec.Linux! with { CgroupsPath = CgroupPath },
        };
        if (change is not null) spec = change(spec);
        File.WriteAllBytes(Path.Combine(Folder, "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, OciJson.Default.OciSpec));
    }

    public void WriteScript(string script, Func<OciSpec, OciSpec>? change = null) => Write(["/bin/sh", "-c", script], change);

    /// <summary>Docker's default profile for the capabilities that Docker gives.</summary>
    public static OciSpec WithDefaultSeccomp(OciSpec spec)
    {
        IReadOnlyList<string> set = Capability.NamesOf(Capability.Mask(Capability.DockerDefault) & Capability.AvailableMask());
        return spec with
        {
            Process = spec.Process! with { Capabilities = new OciCapabilities { Bounding = set, Effective = set, Permitted = set } },
            Linux = spec.Linux! with { Seccomp = DefaultSeccompProfile.Create(set.ToList()) },
        };
    }

    /// <summary>Starts ctrun with these arguments, after --root and in the bundle.</summary>
    public Process Start(params string[] arguments)
    {
        ProcessStartInfo start = new(EngineTools.Ctrun(), ["--root", Root, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in Environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs ctrun to its end.</summary>
    public CommandResult Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        process.StandardInput.Close();
        return Finish(process);
    }

    /// <summary>Runs ctrun, which must succeed, and returns its output.</summary>
    public string Succeed(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.True(result.ExitCode == 0, $"ctrun {string.Join(' ', arguments)}: {result.ExitCode} {result.Error}");
        return result.Output;
    }

    /// <summary>Runs ctrun, which must fail with one line on standard error, and returns the line.</summary>
    public string Fail(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Matches("^ctrun: [^\n]+\n$", result.Error);
        return result.Error.TrimEnd();
    }

    /// <summary>
    /// Creates a container. Its process inherits ctrun's standard output, so nobody may wait for the end of that: it goes to a file.
    /// </summary>
    public void Launch(string verb, string id, params string[] options)
    {
        string command = string.Join(' ', (string[])[EngineTools.Ctrun(), "--root", Root, verb, .. options, id]);
        ProcessStartInfo start = new("/bin/sh", ["-c", $"exec {command} </dev/null >out.txt 2>err.txt"]) { WorkingDirectory = Folder };
        foreach ((string name, string value) in Environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Assert.True(process.WaitForExit(s_hang));
        Assert.True(process.ExitCode == 0, File.ReadAllText(Path.Combine(Folder, "err.txt")));
    }

    public static CommandResult Finish(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(s_hang), "ctrun does not end");
        // A container that should not be there may hold the pipes open.
        Assert.True(Task.WaitAll([output, error], s_hang), "somebody holds ctrun's output open");
        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }

    public OciState State(string id) => JsonSerializer.Deserialize(Succeed("state", id), OciJson.Default.OciState)!;

    /// <summary>Waits until a container has the state.</summary>
    public void WaitFor(string id, string status)
    {
        for (long end = System.Environment.TickCount64 + (long)s_hang.TotalMilliseconds; State(id).Status != status; Thread.Sleep(10))
        {
            Assert.True(System.Environment.TickCount64 < end, $"{id} does not become {status}");
        }
    }

    /// <summary>Asserts that nothing is left: no state, no cgroup.</summary>
    public void AssertClean()
    {
        Assert.Empty(new RunStore(Root).Ids());
        Assert.False(Cgroup.Exists);
    }

    public void Dispose()
    {
        foreach (string id in new RunStore(Root).Ids()) Run("delete", "--force", id);
        if (Cgroup.Exists)
        {
            Cgroup.Kill();
            Cgroup.Delete();
        }

        Directory.Delete(Folder, recursive: true);
    }

    public override string ToString() => new StringBuilder("bundle ").Append(Folder).ToString();
}
