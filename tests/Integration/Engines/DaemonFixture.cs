using ContainerTools.Integration.Tests.Ctrun;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>containerd, and dockerd on top of it where it is installed, with roots and sockets of their own.</summary>
public sealed class DaemonFixture : IDisposable
{
    private readonly EngineSandbox? _sandbox;

    public DaemonFixture()
    {
        ContainerdObstacle = DockerObstacle = EngineSandbox.Obstacle("containerd", "ctr", "containerd-shim-runc-v2", "runc");
        if (ContainerdObstacle is not null) return;
        try
        {
            _sandbox = EngineSandbox.Create();
            StartContainerd();
            CommandResult own = Sandbox.Run(Ctr("run", "--rm", "--cgroup", Sandbox.CgroupParent + "/own", "--rootfs", Sandbox.Folder + "/rootfs", "own", "/bin/true"));
            if (own.ExitCode != 0) ContainerdObstacle = DockerObstacle = $"containerd does not work on this machine: {own.Error.Trim()}";
        }
        catch (ContainerException error)
        {
            ContainerdObstacle = DockerObstacle = error.Message;
        }
        catch
        {
            _sandbox?.Dispose();
            throw;
        }

        DockerObstacle ??= EngineSandbox.Obstacle("dockerd", "docker");
        if (DockerObstacle is not null) return;
        try
        {
            StartDocker();
            CommandResult import = Sandbox.Run("docker", "import", "rootfs.tar", "box");
            CommandResult docker = import.ExitCode != 0 ? import : Sandbox.Run("docker", "run", "--rm", "--network", "none", "box", "true");
            if (docker.ExitCode != 0) DockerObstacle = $"dockerd does not work on this machine: {docker.Error.Trim()}";
        }
        catch (ContainerException error)
        {
            DockerObstacle = error.Message;
        }
        catch
        {
            Sandbox.Dispose();
            throw;
        }
    }

    internal string? ContainerdObstacle { get; }

    internal string? DockerObstacle { get; }

    internal EngineSandbox Sandbox => _sandbox!;

    public void Dispose() => _sandbox?.Dispose();

    internal string[] Ctr(params string[] arguments) => ["ctr", "-a", Sandbox.Folder + "/containerd.sock", .. arguments];

    private void StartContainerd()
    {
        string folder = Sandbox.Folder;
        Sandbox.Write("containerd.toml", $"""
            version = 2
            root = "{folder}/containerd"
            state = "{folder}/containerd-state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
            [grpc]
              address = "{folder}/containerd.sock"
            """);
        // The shims' sockets and the runtimes' states are there whatever the configuration says; the machine may have a containerd of its own.
        Sandbox.Shell("mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd");
        Sandbox.StartDaemon("containerd", $"containerd --config {folder}/containerd.toml", Ctr("version"));
    }

    private void StartDocker()
    {
        string folder = Sandbox.Folder;
        Sandbox.Write("daemon.json", $$"""
            {
              "hosts": ["unix://{{folder}}/docker.sock"], "containerd": "{{folder}}/containerd.sock",
              "data-root": "{{folder}}/docker", "exec-root": "{{folder}}/docker-state", "pidfile": "{{folder}}/docker-state.pid",
              "exec-opts": ["native.cgroupdriver=cgroupfs"], "cgroup-parent": "{{Sandbox.CgroupParent}}",
              "bridge": "none", "iptables": false, "ip6tables": false,
              "runtimes": { "ctrun": { "path": "{{EngineSandbox.Ctrun}}" } },
              "default-ulimits": { "nofile": { "Name": "nofile", "Soft": 1024, "Hard": 1024 } }
            }
            """);
        Sandbox.Variables["DOCKER_HOST"] = $"unix://{folder}/docker.sock";
        Sandbox.StartDaemon("dockerd", $"dockerd --config-file {folder}/daemon.json", "docker", "version");
    }
}
