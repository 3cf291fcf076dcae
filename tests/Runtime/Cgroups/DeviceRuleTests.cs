using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Devices;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class DeviceRuleTests
{
    private static readonly OciDeviceRule s_denyAll = new() { Allow = false, Access = "rwm" };
    private static readonly OciDeviceRule s_allowAll = new() { Allow = true, Access = "rwm" };

    private static OciDeviceRule Rule(bool allow, string? type, long? major, long? minor, string? access)
        => new() { Allow = allow, Type = type, Major = major, Minor = minor, Access = access };

    private static bool Allows(BpfInstruction[] program, char type, uint major, uint minor, DeviceAccess access)
        => BpfMachine.Run(program, ((uint)access << 16) | (type == 'b' ? 1u : 2u), major, minor) == 1;

    [Theory]
    [InlineData('c', 1u, 3u, DeviceAccess.Read | DeviceAccess.Write, true)]
    [InlineData('c', 1u, 5u, DeviceAccess.All, true)]
    [InlineData('c', 136u, 0u, DeviceAccess.Read, true)]
    [InlineData('c', 136u, 77u, DeviceAccess.Write, true)]
    [InlineData('c', 5u, 2u, DeviceAccess.Read | DeviceAccess.Write, true)]
    [InlineData('b', 8u, 0u, DeviceAccess.Make, true)]
    [InlineData('c', 10u, 200u, DeviceAccess.Make, true)]
    [InlineData('b', 8u, 0u, DeviceAccess.Read, false)]
    [InlineData('b', 1u, 3u, DeviceAccess.Read, false)]
    [InlineData('c', 1u, 1u, DeviceAccess.Read, false)]
    [InlineData('c', 10u, 200u, DeviceAccess.Read | DeviceAccess.Make, false)]
    [InlineData('c', 10u, 229u, DeviceAccess.Write, false)]
    internal void The_default_rules(char type, uint major, uint minor, DeviceAccess access, bool allowed)
    {
        BpfInstruction[] program = DeviceProgram.Assemble(DeviceRuleSet.Of(DefaultDeviceRules.Create()));
        Assert.Equal(allowed, Allows(program, type, major, minor, access));
    }

    [Fact]
    public void Device_numbers_use_all_32_bits()
    {
        BpfInstruction[] program = DeviceProgram.Assemble(DeviceRuleSet.Of([s_denyAll, Rule(true, "b", 4294967295, 2147483648, "r")]));
        Assert.True(Allows(program, 'b', uint.MaxValue, 0x80000000, DeviceAccess.Read));
        Assert.False(Allows(program, 'b', uint.MaxValue, 0, DeviceAccess.Read));
    }

    [Fact]
    public void An_empty_list_allows_what_the_specification_promises()
    {
        DeviceRuleSet set = DeviceRuleSet.Of([]);
        Assert.False(set.AllowsByDefault);
        Assert.True(Allows(DeviceProgram.Assemble(set), 'c', 1, 3, DeviceAccess.Write));
        Assert.False(Allows(DeviceProgram.Assemble(set), 'b', 8, 0, DeviceAccess.Write));
    }

    [Fact]
    public void Allow_all_allows_all_and_exceptions_to_it_deny_at_the_touch_of_one_access()
    {
        Assert.True(DeviceRuleSet.Of([s_denyAll, s_allowAll]).AllowsAll);
        DeviceRuleSet set = DeviceRuleSet.Of([s_allowAll, Rule(false, "b", 8, null, "w")]);
        Assert.False(set.AllowsAll);
        BpfInstruction[] program = DeviceProgram.Assemble(set);
        Assert.True(Allows(program, 'b', 8, 1, DeviceAccess.Read));
        Assert.False(Allows(program, 'b', 8, 1, DeviceAccess.Write));
        Assert.False(Allows(program, 'b', 8, 1, DeviceAccess.Read | DeviceAccess.Write));
        Assert.True(Allows(program, 'b', 9, 1, DeviceAccess.Write));
        Assert.True(Allows(program, 'c', 8, 1, DeviceAccess.Write));
    }

    [Fact]
    public void A_rule_for_all_types_with_numbers_or_fewer_accesses_is_no_rule_for_everything()
    {
        DeviceRuleSet set = DeviceRuleSet.Of([s_denyAll, Rule(true, "a", 7, null, "r")]);
        Assert.False(set.AllowsByDefault);
        BpfInstruction[] program = DeviceProgram.Assemble(set);
        Assert.True(Allows(program, 'b', 7, 1, DeviceAccess.Read));
        Assert.True(Allows(program, 'c', 7, 1, DeviceAccess.Read));
        Assert.False(Allows(program, 'c', 7, 1, DeviceAccess.Write));
        Assert.False(Allows(program, 'c', 8, 1, DeviceAccess.Read));
    }

    [Fact]
    public void A_hole_in_a_wildcard_is_refused_since_v1_would_ignore_it()
    {
        ContainerException error = Assert.Throws<ContainerException>(
            () => DeviceRuleSet.Of([s_denyAll, Rule(true, "c", 10, null, "rwm"), Rule(false, "c", 10, 229, "rwm")]));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Contains("deny c 10:229", error.Message, StringComparison.Ordinal);
        Assert.Contains("c 10:*", error.Message, StringComparison.Ordinal);
        // No overlap of accesses, no hole.
        DeviceRuleSet.Of([s_denyAll, Rule(true, "c", 10, null, "m"), Rule(false, "c", 10, 229, "rw")]);
    }

    [Theory]
    [InlineData("x", 1L, 1L, "r")]
    [InlineData("c", -2L, 1L, "r")]
    [InlineData("c", 1L, 4294967296L, "r")]
    [InlineData("c", 1L, 1L, "rx")]
    public void Rules_that_make_no_sense_are_invalid(string type, long major, long minor, string access)
        => Assert.Equal(ErrorCode.LimitInvalid, Assert.Throws<ContainerException>(() => DeviceRuleSet.Of([Rule(true, type, major, minor, access)])).Code);

    [Fact]
    public void Minus_one_is_all_as_go_programs_write_it()
        => Assert.True(Allows(DeviceProgram.Assemble(DeviceRuleSet.Of([Rule(true, "c", 4, -1, "rw")])), 'c', 4, 9, DeviceAccess.Read));

    [Fact]
    public void On_v1_a_new_cgroup_gets_deny_all_and_the_exceptions()
    {
        using FakeKernel kernel = FakeKernel.V1("devices");
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        cgroup.Apply(new OciResources { Devices = [s_denyAll, Rule(true, "b", 8, 1, "r")] });
        Assert.Equal(
            [
                "devices.deny=a", "devices.allow=b 8:1 r", "devices.allow=c *:* m", "devices.allow=b *:* m", "devices.allow=c 1:3 rwm", "devices.allow=c 1:5 rwm", "devices.allow=c 1:7 rwm", "devices.allow=c 1:8 rwm",
                "devices.allow=c 1:9 rwm", "devices.allow=c 5:0 rwm", "devices.allow=c 5:2 rwm", "devices.allow=c 136:* rwm",
            ],
            kernel.Taken());
    }

    [Fact]
    public void On_v1_only_the_difference_is_written()
    {
        using FakeKernel kernel = FakeKernel.V1("devices");
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        kernel["devices/one/devices.list"] =
            "c *:* m\nb *:* m\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\nc 5:0 rwm\nc 5:2 rwm\nc 136:* rwm\nb 8:1 rw\nb 9:1 rwm";
        cgroup.Apply(new OciResources { Devices = [s_denyAll, Rule(true, "b", 8, 1, "rm"), Rule(true, "c", 7, 7, "w")] });
        Assert.Equal(["devices.allow=b 8:1 m", "devices.allow=c 7:7 w", "devices.deny=b 8:1 w", "devices.deny=b 9:1 rwm"], kernel.Taken());
    }

    [Fact]
    public void On_v1_allow_all_is_one_write_and_no_rules_are_none()
    {
        using FakeKernel kernel = FakeKernel.V1("devices");
        ICgroup cgroup = kernel.Detect().Open("/one");
        cgroup.Create();
        cgroup.Apply(new OciResources());
        Assert.Empty(kernel.Taken());
        cgroup.Apply(new OciResources { Devices = [s_allowAll] });
        Assert.Equal(["devices.allow=a"], kernel.Taken());
    }

    /// <summary>The program decides as the kernel's v1 controller does: __devcgroup_check_permission over the exceptions in any order.</summary>
    [Fact]
    public void The_program_decides_as_v1_does()
    {
        Gen<OciDeviceRule> rule =
            from allow in Gen.Elements(true, true, false)
            from type in Gen.Elements("c", "c", "b", "b", "a", null)
            from major in Gen.Elements<long?>(1, 2, 8, null)
            from minor in Gen.Elements<long?>(0, 3, 5, null)
            from access in Gen.Elements("r", "w", "m", "rw", "rwm", null)
            select Rule(allow, type, major, minor, access);
        Property property = Prop.ForAll(
            rule.ListOf(8).ToArbitrary(),
            rules =>
            {
                DeviceRuleSet set;
                try
                {
                    set = DeviceRuleSet.Of([.. rules]);
                }
                catch (ContainerException)
                {
                    // A hole in a wildcard: said to be an error elsewhere.
                    return true;
                }

                BpfInstruction[] program = DeviceProgram.Assemble(set);
                foreach (char type in "cb")
                {
                    foreach (uint major in (uint[])[0, 1, 2, 8])
                    {
                        foreach (uint minor in (uint[])[0, 3, 4, 5])
                        {
                            for (DeviceAccess access = DeviceAccess.Make; access <= DeviceAccess.All; access++)
                                if (Allows(program, type, major, minor, access) != V1Allows(set, type, major, minor, access)) return false;
                        }
                    }
                }

                return true;
            });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), property);
    }

    private static bool V1Allows(DeviceRuleSet set, char type, uint major, uint minor, DeviceAccess access)
    {
        IEnumerable<DeviceAccess> matching = set.Exceptions
            .Where(one => one.Key.Type == type && (one.Key.Major ?? major) == major && (one.Key.Minor ?? minor) == minor)
            .Select(one => one.Value);
        return set.AllowsByDefault
            ? !matching.Any(exception => (exception & access) != 0)
            : matching.Any(exception => (access & ~exception) == 0);
    }
}
