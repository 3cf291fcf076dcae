using Xunit;

namespace ContainerTools.Vm.Tests;

/// <summary>
/// ctrun on cgroup v2 alone: limits, the eBPF device program, freezing, killing, birth in the cgroup, the monitor. Each check is a script of
/// Guest/checks; what it leaves behind (a container, cgroup, mount or process) fails it too.
/// </summary>
public sealed class VmTests(BareMachine machine) : IClassFixture<BareMachine>
{
    public static IEnumerable<TheoryDataRow<string>> Checks => VirtualMachine.ChecksIn("checks");

    [Theory]
    [MemberData(nameof(Checks))]
    public void On_v2_alone(string check)
    {
        Assert.SkipWhen(machine.SkipReason is not null, machine.SkipReason ?? "");
        CheckResult result = machine.Result(check);
        Assert.SkipWhen(result.ExitCode == VirtualMachine.NotToBeHad, result.Output);
        Assert.True(result.ExitCode == 0, $"{check} on Linux {machine.Release} ended with {result.ExitCode}:\n{result.Output}");
    }
}
