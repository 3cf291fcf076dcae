using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

/// <summary>
/// Whole configurations against golden files. To accept a change, run the tests with CONTAINERTOOLS_ACCEPT=1 and read the difference.
/// </summary>
public sealed class SpecBuilderTests
{
    private static readonly JsonSerializerOptions s_readable = new(OciJson.Default.Options)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public void Default() => Check("default", new ContainerConfiguration { Arguments = ["/bin/sh"], HostName = "box", Environment = ["PATH=/bin"] });

    [Fact]
    public void Everything() => Check("everything", new ContainerConfiguration
    {
        EntryPoint = ["/entry"],
        Arguments = ["a", "b"],
        Environment = ["PATH=/bin", "TERM=vt100"],
        User = "mail:mail",
        AdditionalGroups = ["staff", "7"],
        WorkingDirectory = "/srv",
        HostName = "box",
        Mounts =
        [
            new ContainerMount { Type = ContainerMountType.Bind, Source = "/host", Destination = "/b", ReadOnly = true },
            new ContainerMount { Type = ContainerMountType.Bind, Source = "/host", Destination = "/c", Options = ["bind", "rslave", "noexec"] },
            new ContainerMount { Type = ContainerMountType.Tmpfs, Destination = "/tmp", Options = ["exec", "size=64m"] },
            new ContainerMount { Type = ContainerMountType.Volume, Source = "data", Destination = "/var/data" },
            new ContainerMount { Type = ContainerMountType.Tmpfs, Destination = "/dev/shm" },
        ],
        Limit = new ContainerLimit { Memory = 64 << 20, Cpus = 0.5, Processes = 10 },
        ProcessLimits = [new ProcessLimit("RLIMIT_NOFILE", 10, ulong.MaxValue)],
        AddedCapabilities = ["CAP_NET_ADMIN"],
        DroppedCapabilities = ["CAP_CHOWN"],
        ReadOnlyRoot = true,
        NoNewPrivileges = true,
        KernelParameters = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1" },
        Terminal = true,
    });

    [Fact]
    public void Privileged() => Check("privileged", new ContainerConfiguration { Arguments = ["/bin/sh"], HostName = "box", Privileged = true });

    [Fact]
    public void UserNamespace() => Check("user-namespace", new ContainerConfiguration
    {
        Arguments = ["/bin/sh"],
        HostName = "box",
        UserNamespace = true,
        UserNamespaceHostId = 0x70000000,
        UserNamespaceSize = 65536,
        Mounts = [new ContainerMount { Type = ContainerMountType.Volume, Source = "data", Destination = "/data" }],
    });

    [Fact]
    public void Host() => Check("host", new ContainerConfiguration
    {
        Arguments = ["/bin/sh"],
        HostName = "box",
        NetworkMode = "host",
        ProcessIdMode = "host",
        IpcMode = "host",
        SeccompProfile = "unconfined",
        Mounts = [new ContainerMount { Type = ContainerMountType.Bind, Source = "/dev", Destination = "/dev" }],
    });

    private static void Check(string name, ContainerConfiguration configuration, [CallerFilePath] string source = "")
    {
        const string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        OciSpec spec = SpecBuilder.Build(new SpecInput
        {
            Record = new ContainerRecord
            {
                Id = id,
                Name = "web",
                Image = "test",
                ImageId = "sha256:0",
                CreatedAt = DateTimeOffset.UnixEpoch,
                Configuration = configuration,
            },
            Files = new ContainerFiles(new EnginePaths("/var/lib/containertools", "/run/containertools"), id),
            RootMount = new OciMount { Destination = "/", Type = "overlay", Source = "overlay", Options = ["lowerdir=/l", "upperdir=/u", "workdir=/w"] },
            AvailableCapabilities = (1UL << 41) - 1,
            Seccomp = capabilities => new OciSeccomp { DefaultAction = "SCMP_ACT_ERRNO" },
            DeviceRules = [new OciDeviceRule { Allow = false, Access = "rwm" }],
            HostDevices = [new OciDevice { Type = "c", Path = "/dev/null", Major = 1, Minor = 3, FileMode = 0x1b6, Uid = 0, Gid = 0 }],
            HostHasSharedMemory = true,
            VolumeData = volume => $"/var/lib/containertools/volumes/{volume}/_data",
        });
        string actual = JsonSerializer.Serialize(spec, s_readable.GetTypeInfo(typeof(OciSpec))) + "\n";
        string golden = Path.Combine(Path.GetDirectoryName(source)!, "Golden", name + ".json");
        if (Environment.GetEnvironmentVariable("CONTAINERTOOLS_ACCEPT") == "1") File.WriteAllText(golden, actual);
        Assert.Equal(File.ReadAllText(golden), actual);
    }
}
