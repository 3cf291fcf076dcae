using ContainerTools.Integration.Tests.Ctrun;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>Podman with roots of its own and an image <c>box</c>.</summary>
public sealed class PodmanFixture : IDisposable
{
    private readonly EngineSandbox? _sandbox;

    public PodmanFixture()
    {
        Obstacle = EngineSandbox.Obstacle("podman", "conmon");
        if (Obstacle is not null) return;
        try
        {
            _sandbox = EngineSandbox.Create();
            Configure(_sandbox);
            // Whether Podman itself works here is asked with the runtime it comes with.
            CommandResult import = _sandbox.Run("podman", "import", "rootfs.tar", "box");
            CommandResult own = import.ExitCode != 0 ? import : Run(null, ["run", "--rm", "--network", "none", .. Parent, "box", "true"]);
            if (own.ExitCode != 0) Obstacle = $"podman does not work on this machine: {own.Error.Trim()}";
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

    internal string[] Parent => ["--cgroup-parent", _sandbox!.CgroupParent];

    internal EngineSandbox Sandbox => _sandbox!;

    public void Dispose() => _sandbox?.Dispose();

    internal CommandResult Run(string? runtime, string[] arguments) => _sandbox!.Run(Command(runtime, arguments));

    internal static string[] Command(string? runtime, string[] arguments)
        => ["podman", .. runtime is null ? Array.Empty<string>() : ["--runtime", runtime], "--cgroup-manager", "cgroupfs", .. arguments];

    private static void Configure(EngineSandbox sandbox)
    {
        string folder = sandbox.Folder;
        // The limits are given because Podman would raise them, which takes CAP_SYS_RESOURCE.
        Write("containers.conf", $"""
            [containers]
            default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            tmp_dir = "{folder}/run/libpod"
            volume_path = "{folder}/volumes"
            static_dir = "{folder}/storage/libpod"
            [network]
            network_config_dir = "{folder}/networks"
            """);
        Write("storage.conf", $"""
            [storage]
            driver = "overlay"
            graphroot = "{folder}/storage"
            runroot = "{folder}/run/storage"
            """);
        sandbox.Variables["CONTAINERS_CONF"] = folder + "/containers.conf";
        sandbox.Variables["CONTAINERS_STORAGE_CONF"] = folder + "/storage.conf";

        void Write(string name, string text) => sandbox.RunWithInput(text + "\n", "/bin/sh", "-c", $"cat > {name}");
    }
}
