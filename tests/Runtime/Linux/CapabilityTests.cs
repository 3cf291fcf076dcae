using System.Globalization;
using System.Text.RegularExpressions;
using ContainerTools.Runtime.Linux;
using Xunit;

namespace ContainerTools.Runtime.Tests.Linux;

public sealed class CapabilityTests
{
    private const ulong Kernel = (1UL << 41) - 1;

    [Theory]
    [InlineData("CAP_CHOWN", 0)]
    [InlineData("chown", 0)]
    [InlineData("Net_Admin", 12)]
    [InlineData("cap_sys_admin", 21)]
    [InlineData("CAP_CHECKPOINT_RESTORE", 40)]
    public void A_number_is_found_by_name_with_or_without_prefix_in_any_case(string name, int number)
        => Assert.Equal(number, Capability.Number(name));

    [Theory]
    [InlineData("")]
    [InlineData("CAP_")]
    [InlineData("ALL")]
    [InlineData("NET_ADMI")]
    [InlineData("CAP_CAP_CHOWN")]
    public void An_unknown_name_is_an_error_with_the_name_as_target(string name)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Capability.Number(name));
        Assert.Equal(ErrorCode.CapabilityUnknown, error.Code);
        Assert.Equal(name, error.Target);
    }

    [Fact]
    public void Every_number_has_a_name_that_leads_back_to_it()
    {
        Assert.Equal(41, Capability.Names.Count);
        for (int number = 0; number < 41; number++) Assert.Equal(number, Capability.Number(Capability.Name(number)));
        Assert.Throws<ContainerException>(() => Capability.Name(41));
    }

    [Fact]
    public void The_numbers_are_those_of_the_kernel_headers()
    {
        const string Header = "/usr/include/linux/capability.h";
        if (!File.Exists(Header)) Assert.Skip($"{Header} is not installed (linux-libc-dev).");
        Dictionary<string, int> defined = Regex.Matches(File.ReadAllText(Header), @"#define (CAP_[A-Z_]+)\s+(\d+)\s")
            .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        Assert.True(defined.Count >= 41);
        foreach ((string name, int number) in defined) Assert.Equal(number, Capability.Number(name));
    }

    [Fact]
    public void All_ends_where_the_running_kernel_ends()
    {
        int last = int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"), CultureInfo.InvariantCulture);
        Assert.Equal(Math.Min(last + 1, 41), Capability.All.Count);
        Assert.Equal(0UL, Capability.AvailableMask() & ~Capability.KernelMask());
    }

    [Fact]
    public void A_mask_and_its_names_are_the_same_set()
    {
        Assert.Equal(0x00000000a80425fbUL, Capability.Mask(Capability.DockerDefault));
        Assert.Equal(Capability.DockerDefault, Capability.NamesOf(0xa80425fb));
        Assert.Empty(Capability.NamesOf(1UL << 63));
    }

    [Fact]
    public void Nothing_added_or_dropped_leaves_the_default_set()
        => Assert.Equal(Capability.DockerDefault, Capability.Resolve([], [], privileged: false, Kernel));

    [Fact]
    public void Privileged_has_all_whatever_is_dropped()
        => Assert.Equal(41, Capability.Resolve([], ["ALL", "CHOWN"], privileged: true, Kernel).Count);

    [Theory]
    [InlineData("all")]
    [InlineData("CAP_ALL")]
    public void All_added_is_all_but_what_is_dropped_by_name(string all)
    {
        IReadOnlyList<string> set = Capability.Resolve([all, "chown"], ["chown", "sys_admin"], privileged: false, Kernel);
        Assert.Equal(39, set.Count);
        Assert.DoesNotContain("CAP_CHOWN", set);
        Assert.DoesNotContain("CAP_SYS_ADMIN", set);
    }

    [Fact]
    public void All_added_wins_over_all_dropped()
        => Assert.Equal(41, Capability.Resolve(["ALL"], ["ALL"], privileged: false, Kernel).Count);

    [Fact]
    public void All_dropped_leaves_what_is_added()
        => Assert.Equal(["CAP_NET_BIND_SERVICE", "CAP_SYS_TIME"], Capability.Resolve(["SYS_TIME", "net_bind_service"], ["ALL"], privileged: false, Kernel));

    [Fact]
    public void What_is_dropped_and_added_by_name_is_there()
    {
        IReadOnlyList<string> set = Capability.Resolve(["MKNOD", "NET_ADMIN", "net_admin"], ["MKNOD", "KILL"], privileged: false, Kernel);
        Assert.Contains("CAP_MKNOD", set);
        Assert.DoesNotContain("CAP_KILL", set);
        Assert.Equal(14, set.Count);
    }

    [Fact]
    public void What_the_machine_does_not_grant_is_left_out_of_all_and_refused_by_name()
    {
        ulong without = Kernel & ~(1UL << 24);
        Assert.DoesNotContain("CAP_SYS_RESOURCE", Capability.Resolve([], [], privileged: true, without));
        Assert.DoesNotContain("CAP_SYS_RESOURCE", Capability.Resolve(["ALL"], [], privileged: false, without));
        ContainerException error = Assert.Throws<ContainerException>(() => Capability.Resolve(["sys_resource"], [], privileged: false, without));
        Assert.Equal(ErrorCode.NotSupported, error.Code);
        Assert.Equal("CAP_SYS_RESOURCE", error.Target);
    }

    [Theory]
    [InlineData("BOGUS", null)]
    [InlineData(null, "BOGUS")]
    public void An_unknown_name_is_refused_even_where_it_would_change_nothing(string? added, string? dropped)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Capability.Resolve(
            added is null ? [] : [added], dropped is null ? [] : [dropped], privileged: true, Kernel));
        Assert.Equal(ErrorCode.CapabilityUnknown, error.Code);
    }
}
