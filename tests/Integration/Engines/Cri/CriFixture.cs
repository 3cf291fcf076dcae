using System.Net.Sockets;
using ContainerTools.Integration.Tests.Ctrun;
using Grpc.Core;
using Grpc.Net.Client;

namespace ContainerTools.Integration.Tests.Engines.Cri;

/// <summary>
/// containerd with its CRI plug-in, as a node of Kubernetes has it, without a network: two runtime handlers, ctrun and (as the control) runc; an image that
/// it has already, for the pods' own containers too; and network plug-ins that are scripts.
/// </summary>
public sealed class CriFixture : IDisposable
{
    /// <summary>The handler of ctrun.</summary>
    internal const string Ctrun = "ctrun";

    /// <summary>The handler of runc.</summary>
    internal const string Runc = "runc";

    /// <summary>The image of pods and containers.</summary>
    internal const string Image = "docker.io/library/box:1";

    private readonly EngineSandbox? _sandbox;
    private readonly GrpcChannel? _channel;

    public CriFixture()
    {
        Obstacle = EngineSandbox.Obstacle("containerd", "ctr", "containerd-shim-runc-v2", "runc", "ip");
        if (Obstacle is not null) return;
        try
        {
            _sandbox = EngineSandbox.Create();
            WriteNetworkPlugins();
            StartContainerd();
            ImportImage();
            _channel = Connect(Sandbox.FolderFromOutside + "/containerd.sock");
            Client = new RuntimeService.RuntimeServiceClient(_channel);
            TryRunc();
        }
        catch (ContainerException error)
        {
            Obstacle = error.Message;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal string? Obstacle { get; private set; }

    internal EngineSandbox Sandbox => _sandbox!;

    internal RuntimeService.RuntimeServiceClient Client { get; } = null!;

    public void Dispose()
    {
        _channel?.Dispose();
        _sandbox?.Dispose();
    }

    private static GrpcChannel Connect(string socket) => GrpcChannel.ForAddress("http://containerd", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        },
        DisposeHttpClient = true,
    });

    private void StartContainerd()
    {
        string folder = Sandbox.Folder;
        Sandbox.Write("containerd.toml", $"""
            version = 2
            root = "{folder}/containerd"
            state = "{folder}/containerd-state"
            disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
            [grpc]
              address = "{folder}/containerd.sock"
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "{Image}"
              netns_mounts_under_state_dir = true
              restrict_oom_score_adj = true
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "{folder}/cni/bin"
                conf_dir = "{folder}/cni/net.d"
              [plugins."io.containerd.grpc.v1.cri".containerd]
                default_runtime_name = "{Runc}"
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{Runc}]
                  runtime_type = "io.containerd.runc.v2"
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{Ctrun}]
                  runtime_type = "io.containerd.runc.v2"
                  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{Ctrun}.options]
                    BinaryName = "{EngineSandbox.Ctrun}"
            """);
        // The shims' sockets and the runtimes' states are there whatever the configuration says; the machine may have a containerd of its own.
        Sandbox.Shell("mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd");
        Sandbox.StartDaemon("containerd", $"containerd --config {folder}/containerd.toml", "ctr", "-a", folder + "/containerd.sock", "version");
    }

    // What the real ones do, as far as it matters here: lo is up, and eth0 is one end of a pair whose other end the node has.
    private void WriteNetworkPlugins()
    {
        Sandbox.Shell("mkdir -p cni/bin cni/net.d");
        Sandbox.Write("cni/net.d/10-pair.conf", """{ "cniVersion": "0.4.0", "name": "pair", "type": "pair" }""");
        Sandbox.Write("cni/bin/loopback", """
            #!/bin/sh
            [ "$CNI_COMMAND" != ADD ] || nsenter --net="$CNI_NETNS" ip link set lo up >&2 || exit 1
            echo '{ "cniVersion": "0.4.0" }'
            """);
        Sandbox.Write("cni/bin/pair", """
            #!/bin/sh
            case $CNI_COMMAND in
            ADD)
                { ip link add pod0 type veth peer name peer0 && ip link set peer0 netns "$CNI_NETNS" name "$CNI_IFNAME" &&
                    ip address add 10.99.0.1/24 dev pod0 && ip link set pod0 up &&
                    nsenter --net="$CNI_NETNS" ip address add 10.99.0.2/24 dev "$CNI_IFNAME" && nsenter --net="$CNI_NETNS" ip link set "$CNI_IFNAME" up; } >&2 || exit 1
                echo '{ "cniVersion": "0.4.0", "interfaces": [{ "name": "'"$CNI_IFNAME"'", "sandbox": "'"$CNI_NETNS"'" }],
                    "ips": [{ "version": "4", "address": "10.99.0.2/24", "interface": 0 }] }' ;;
            DEL) ip link delete pod0 2> /dev/null; true ;;
            VERSION) echo '{ "cniVersion": "0.4.0", "supportedVersions": ["0.3.1", "0.4.0"] }' ;;
            esac
            """);
        Sandbox.Shell("chmod 755 cni/bin/*");
    }

    private void ImportImage()
    {
        Sandbox.Shell("""
            mkdir image && cp rootfs.tar image/layer.tar &&
            digest=$(sha256sum image/layer.tar | cut -d ' ' -f 1) &&
            printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin"],"Entrypoint":["/bin/sleep","infinity"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
                "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')" "$digest" > image/config.json &&
            printf '[{"Config":"config.json","RepoTags":["box:1"],"Layers":["layer.tar"]}]' > image/manifest.json &&
            tar -C image -cf image.tar manifest.json config.json layer.tar
            """);
        CommandResult import = Sandbox.Run("ctr", "-a", Sandbox.Folder + "/containerd.sock", "-n", "k8s.io", "images", "import", "image.tar");
        if (import.ExitCode != 0) throw new ContainerException(ErrorCode.NotSupported, $"containerd imports no image on this machine: {import.Error.Trim()}", "containerd");
    }

    // Where runc cannot do it either, it is the machine.
    private void TryRunc()
    {
        try
        {
            using var pod = CriPod.Run(this, Runc, "probe");
            pod.Start("probe", "sleep 1000");
        }
        catch (RpcException error)
        {
            Obstacle = $"pods of containerd with runc do not work on this machine: {error.Status.Detail}";
        }
    }
}
