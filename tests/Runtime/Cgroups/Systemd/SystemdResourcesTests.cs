using System.Globalization;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups.Systemd;

/// <summary>The specification's limits in systemd's properties and units.</summary>
public sealed class SystemdResourcesTests
{
    private const ulong Infinity = ulong.MaxValue;

    [Fact]
    public void Nothing_changed_is_nothing_said() => Assert.Empty(Of(new OciResources()));

    [Fact]
    public void Memory_on_v2_is_with_swap_alone()
    {
        Assert.Equal(
            ["MemoryMax=1000", "MemoryLow=500", "MemorySwapMax=200"],
            Of(new OciResources { Memory = new OciMemory { Limit = 1000, Reservation = 500, Swap = 1200 } }));
        Assert.Equal([$"MemoryMax={Infinity}", $"MemorySwapMax={Infinity}"], Of(new OciResources { Memory = new OciMemory { Limit = -1 } }));
        Assert.Equal(["MemoryMax=1000"], Of(new OciResources { Memory = new OciMemory { Limit = 1000 } }));
    }

    [Fact]
    public void Memory_on_v1_has_the_old_name()
        => Assert.Equal(["MemoryLimit=1000"], Of(new OciResources { Memory = new OciMemory { Limit = 1000, Swap = 1200 } }, isV2: false));

    [Theory]
    [InlineData(25_000L, 100_000UL, 250_000UL)]
    [InlineData(33_333L, 100_000UL, 340_000UL)] // rounded up to 10 ms
    [InlineData(50_000L, null, 500_000UL)]
    [InlineData(-1L, 100_000UL, Infinity)]
    [InlineData(long.MaxValue, 1UL, Infinity)]
    public void A_quota_is_the_time_in_a_second(long quota, ulong? period, ulong expected)
        => Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"CPUQuotaPerSecUSec={expected}"),
            Of(new OciResources { Cpu = new OciCpu { Quota = quota, Period = period } }));

    [Fact]
    public void Old_versions_are_not_told_what_they_do_not_know()
    {
        OciResources resources = new() { Cpu = new OciCpu { Period = 50_000, Cpus = "0", Idle = 1 } };
        Assert.Equal(["CPUWeight=0", "CPUQuotaPeriodUSec=50000", "AllowedCPUs=01"], Of(resources, version: 252));
        Assert.Equal(["CPUQuotaPeriodUSec=50000", "AllowedCPUs=01"], Of(resources, version: 244));
        Assert.Empty(Of(resources, version: 239));
    }

    [Fact]
    public void Processors_are_a_bit_mask()
        => Assert.Equal(["AllowedCPUs=0d01", "AllowedMemoryNodes=01"], Of(new OciResources { Cpu = new OciCpu { Cpus = "0,2-3,8", Mems = "0" } }));

    [Fact]
    public void Weights_are_in_the_scale_of_the_version()
    {
        OciResources resources = new() { Cpu = new OciCpu { Shares = 1024 }, BlockIO = new OciBlockIO { Weight = 10 }, Pids = new OciPids { Limit = -1 } };
        Assert.Equal(["CPUWeight=100", $"TasksMax={Infinity}", "IOWeight=1"], Of(resources));
        Assert.Equal(["CPUShares=1024", $"TasksMax={Infinity}", "BlockIOWeight=10"], Of(resources, isV2: false));
    }

    [Fact]
    public void Unified_names_that_systemd_knows_are_told()
        => Assert.Equal(
            ["MemoryHigh=5", $"MemorySwapMax={Infinity}"],
            Of(new OciResources { Unified = new Dictionary<string, string> { ["memory.high"] = "5", ["memory.swap.max"] = "max", ["io.max"] = "8:0 rbps=1" } }));

    [Fact]
    public void Devices_are_an_allow_list_with_what_every_container_gets()
    {
        IReadOnlyList<string> properties = Of(new OciResources
        {
            Devices =
            [
                new OciDeviceRule { Allow = false, Access = "rwm" },
                new OciDeviceRule { Allow = true, Type = "c", Major = 10, Minor = 229, Access = "rw" },
                new OciDeviceRule { Allow = true, Type = "b", Major = 99, Access = "r" },
            ],
        });
        Assert.Equal("DevicePolicy=strict", properties[0]);
        string[] allowed = properties[1]["DeviceAllow=".Length..].Split(' ');
        Assert.Contains("/dev/char/10:229:rw", allowed);
        Assert.Contains("/dev/char/1:3:rwm", allowed);
        Assert.Contains("char-pts:rwm", allowed);
        Assert.Contains("char-*:m", allowed);
        // No driver has this number, so there is no such device.
        Assert.DoesNotContain(allowed, one => one.Contains("99", StringComparison.Ordinal));
    }

    [Fact]
    public void A_container_with_all_devices_has_no_policy()
        => Assert.Equal(["DevicePolicy=auto", "DeviceAllow="], Of(new OciResources { Devices = [new OciDeviceRule { Allow = true, Access = "rwm" }] }));

    [Fact]
    public void Groups_of_devices_are_read_by_type()
    {
        SystemdDeviceGroups groups = new("Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  1 ramdisk\n  8 sd\n");
        Assert.Equal("mem", groups.NameOf('c', 1));
        Assert.Equal("ramdisk", groups.NameOf('b', 1));
        Assert.Null(groups.NameOf('b', 136));
    }

    [Theory]
    [InlineData("org.systemd.property.CollectMode", "'inactive-or-failed'", "CollectMode=inactive-or-failed")]
    [InlineData("org.systemd.property.TimeoutStopUSec", "uint64 90", "TimeoutStopUSec=90")]
    [InlineData("org.systemd.property.TimeoutStopSec", "5", "TimeoutStopUSec=5000000")]
    [InlineData("org.systemd.property.SendSIGHUP", "true", "SendSIGHUP=True")]
    [InlineData("org.systemd.property.After", "['a.service', \"b.service\"]", "After=a.service b.service")]
    public void Annotations_are_properties(string key, string text, string expected)
        => Assert.Equal([expected], SystemdAnnotations.Of(new Dictionary<string, string> { [key] = text, ["other"] = "x" }).Select(Print));

    [Theory]
    [InlineData("org.systemd.property.CollectMode", "inactive")]
    [InlineData("org.systemd.property.", "true")]
    [InlineData("org.systemd.property.a b", "true")]
    [InlineData("org.systemd.property.TimeoutStopSec", "-5")]
    [InlineData("org.systemd.property.TimeoutStopSec", "'x'")]
    [InlineData("org.systemd.property.X", "uint64 -1")]
    [InlineData("org.systemd.property.X", "'it's'")]
    public void Other_annotations_are_errors(string key, string text)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => SystemdAnnotations.Of(new Dictionary<string, string> { [key] = text }).ToList());
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Equal(key, error.Target);
    }

    private static IReadOnlyList<string> Of(OciResources resources, bool isV2 = true, int version = 252)
        => [.. SystemdResources.Of(resources, isV2, () => version, static (type, major) => (type, major) == ('c', 136u) ? "pts" : null).Select(Print)];

    private static string Print(SystemdProperty property) => property.Name + "=" + property.Value switch
    {
        byte[] bytes => Convert.ToHexStringLower(bytes),
        string[] texts => string.Join(' ', texts),
        (string, string)[] pairs => string.Join(' ', pairs.Select(pair => pair.Item1 + ":" + pair.Item2)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString(),
    };
}
