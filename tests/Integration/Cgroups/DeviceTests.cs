using System.Diagnostics;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Devices;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Integration.Tests.Cgroups;

/// <summary>Device rules in force: by the v1 controller, and by our eBPF program on v2.</summary>
[Collection("cgroups")]
public sealed class DeviceTests
{
    /// <summary>Opens files given by name and says which could be opened.</summary>
    private const string Probe = "while read -r file; do if (: < $file) 2>/dev/null; then echo yes; else echo no; fi; done";

    private static OciDeviceRule KernelLog(bool allow) => new() { Allow = allow, Type = "c", Major = 1, Minor = 11, Access = "r" };

    [Theory]
    [InlineData(Flavour.AsMounted)]
    [InlineData(Flavour.V1Alone)]
    [InlineData(Flavour.V2Alone)]
    public void Rules_are_in_force_and_change_while_processes_run(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, CgroupScope.Full, "devices");
        Process process = live.Run(Probe);
        Assert.SkipUnless(CanOpen(process, "/dev/kmsg"), "/dev/kmsg cannot be read here even without rules");

        live.Cgroup.Apply(new OciResources { Devices = DefaultDeviceRules.Create() });
        Assert.False(CanOpen(process, "/dev/kmsg"));
        Assert.True(CanOpen(process, "/dev/null"));
        Assert.True(CanOpen(process, "/dev/urandom"));

        live.Cgroup.Apply(new OciResources { Devices = [.. DefaultDeviceRules.Create(), KernelLog(allow: true)] });
        Assert.True(CanOpen(process, "/dev/kmsg"));
        Assert.True(CanOpen(process, "/dev/null"));

        live.Cgroup.Apply(new OciResources { Devices = DefaultDeviceRules.Create() });
        Assert.False(CanOpen(process, "/dev/kmsg"));

        live.Cgroup.Apply(new OciResources { Devices = [new OciDeviceRule { Allow = true, Access = "rwm" }, KernelLog(allow: false)] });
        Assert.False(CanOpen(process, "/dev/kmsg"));
        Assert.True(CanOpen(process, "/dev/zero"));

        live.Cgroup.Apply(new OciResources { Devices = [new OciDeviceRule { Allow = true, Access = "rwm" }] });
        Assert.True(CanOpen(process, "/dev/kmsg"));
    }

    [Theory]
    [InlineData(Flavour.V1Alone)]
    [InlineData(Flavour.V2Alone)]
    public void A_set_as_long_as_a_document_can_have_passes_the_verifier(Flavour flavour)
    {
        using LiveCgroup live = LiveCgroup.Create(flavour, CgroupScope.Full, "devices");
        OciDeviceRule[] many =
        [
            .. Enumerable.Range(0, 600).Select(number => new OciDeviceRule { Allow = true, Type = number % 2 == 0 ? "c" : "b", Major = 200 + (number % 7), Minor = number, Access = "rw" }),
        ];
        live.Cgroup.Apply(new OciResources { Devices = many });
        Process process = live.Run(Probe);
        Assert.True(CanOpen(process, "/dev/null"));
        Assert.False(CanOpen(process, "/dev/kmsg"));
    }

    private static bool CanOpen(Process process, string file)
    {
        process.StandardInput.WriteLine(file);
        process.StandardInput.Flush();
        return process.StandardOutput.ReadLine() == "yes";
    }
}
