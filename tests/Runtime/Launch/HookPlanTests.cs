using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Hooks;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

public sealed class HookPlanTests
{
    private static readonly OciHook s_hook = new() { Path = "/usr/bin/hook", Args = ["hook", "-x"], Env = ["A=b"] };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APlanReadsAsItsGoldenText(bool inside)
    {
        using LaunchPlan plan = new() { KeepsArguments = true };
        Slot input = plan.NewSlot("state", 7), output = plan.NewSlot("output", 8);
        if (inside)
        {
            HookPlace place = new(plan.NewSlot("container", 10), plan.NewSlot("host-root", 11), plan.NewSlot("rootfs", 12));
            HookRunner.CompileInside(plan, s_hook, input, output, 9, place, 0x1002_0000);
        }
        else
        {
            HookRunner.Compile(plan, s_hook, input, output, 9, "/bundle");
        }

        GoldenPlan.Check(inside ? "hook-inside" : "hook", plan.ToString());
    }

    [Fact]
    public void WithoutHooksThePlanDoesNotWaitForThem()
        => Assert.DoesNotContain("hooks", new PlannedLaunch().Start(PlannedLaunch.Small()), StringComparison.Ordinal);

    [Fact]
    public void EmptyListsAreNoHooks()
    {
        Assert.False(HookRunner.HasAny(null));
        Assert.False(HookRunner.HasAny(new OciHooks { Prestart = [], CreateRuntime = [], CreateContainer = [], StartContainer = [], Poststart = [], Poststop = [] }));
        Assert.True(HookRunner.HasAny(new OciHooks { Poststop = [s_hook] }));
    }
}
