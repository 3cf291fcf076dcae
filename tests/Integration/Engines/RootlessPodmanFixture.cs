using ContainerTools.Integration.Tests.Ctrun;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>
/// Podman as a user without privileges has it, with an image <c>box</c>. The user and the subordinate ids are there in the sandbox only; there is no systemd, and on v1 no cgroup
/// that the user may make.
/// </summary>
public sealed class RootlessPodmanFixture : IDisposable
{
    /// <summary>The user's id, and the first of its subordinate ids.</summary>
    internal const int User = 12345;
    internal const int FirstSubordinate = 200_000;

    private readonly EngineSandbox? _sandbox;

    public RootlessPodmanFixture()
    {
        Obstacle = EngineSandbox.Obstacle("podman", "conmon", "crun", "newuidmap", "newgidmap", "setpriv");
        if (Obstacle is not null) return;
        try
        {
            _sandbox = EngineSandbox.Create();
            Prepare(_sandbox);
            // Whether Podman works here for such a user is asked with the runtime it comes with.
            CommandResult import = Run(null, "import", Home + "/rootfs.tar", "box");
            CommandResult own = import.ExitCode != 0 ? import : Run("crun", "run", "--rm", "--network", "none", "box", "true");
            if (own.ExitCode != 0) Obstacle = $"podman does not work for users without privileges on this machine: {own.Error.Trim()}";
        }
        catch (ContainerException error)
        {
            Obstacle = error.Message;
        }
        catch
        {
            _sandbox?.Dispose();
            throw;
        }
    }

    internal string? Obstacle { get; }

    internal EngineSandbox Sandbox => _sandbox!;

    internal string Home => _sandbox!.Folder + "/home";

    public void Dispose() => _sandbox?.Dispose();

    /// <summary>Runs Podman with a runtime: <c>crun</c>, <c>ctrun</c> or the usual one.</summary>
    internal CommandResult Run(string? runtime, params string[] arguments) => _sandbox!.Run(Command(runtime, arguments));

    /// <summary>The command line that runs Podman as the user.</summary>
    internal string[] Command(string? runtime, params string[] arguments) =>
    [
        "setpriv", $"--reuid={User}", $"--regid={User}", "--init-groups", "--inh-caps=-all",
        "env", "-i", "PATH=" + _sandbox!.Variables["PATH"], "HOME=" + Home, "USER=rootless", $"XDG_RUNTIME_DIR={_sandbox.Folder}/user",
        $"CONTAINERS_CONF={_sandbox.Folder}/containers.conf", $"CONTAINERS_STORAGE_CONF={_sandbox.Folder}/storage.conf",
        "/bin/sh", "-c", "cd && exec podman \"$@\"", "podman", .. runtime is null ? Array.Empty<string>() : ["--runtime", runtime], .. arguments,
    ];

    private static void Prepare(EngineSandbox sandbox)
    {
        string folder = sandbox.Folder;
        // Where the tests' own ctrun is, the user may have no business.
        sandbox.Succeed("cp", EngineSandbox.Ctrun, "ctrun");
        Write("containers.conf", $"""
            [containers]
            default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            runtime_supports_json = ["crun", "ctrun"]
            runtime_supports_nocgroup = ["crun", "ctrun"]
            [engine.runtimes]
            ctrun = ["{folder}/ctrun"]
            """);
        Write("storage.conf", """
            [storage]
            driver = "vfs"
            """);
        Write("passwd", $"{File.ReadAllText("/etc/passwd")}rootless:x:{User}:{User}::{folder}/home:/bin/sh");
        Write("group", $"{File.ReadAllText("/etc/group")}rootless:x:{User}:");
        Write("subuid", $"rootless:{FirstSubordinate}:65536");
        Write("subgid", $"rootless:{FirstSubordinate}:65536");
        sandbox.Shell(
            $"mkdir home user && mv rootfs.tar home/ && chmod 700 user && chown -R {User}:{User} home user && chmod 755 . && "
            + "for name in passwd group subuid subgid; do [ ! -e /etc/$name ] || mount --bind $name /etc/$name; done");

        void Write(string name, string text) => sandbox.RunWithInput(text + "\n", "/bin/sh", "-c", $"cat > {name}");
    }
}
