using Xunit;

namespace ContainerTools.Vm.Tests;

/// <summary>ctrun with --systemd-cgroup under a systemd that owns the cgroup tree, over the bus and without one. Each check is a script of Guest/systemd-checks.</summary>
[Collection(SystemdCollection.Name)]
public sealed class SystemdTests(SystemdMachine machine)
{
    public static IEnumerable<TheoryDataRow<string>> Checks => VirtualMachine.ChecksIn("systemd-checks");

    [Theory]
    [MemberData(nameof(Checks))]
    public void Under_systemd(string check)
    {
        Assert.SkipWhen(machine.SkipReason is not null, machine.SkipReason ?? "");
        CheckResult result = machine.Result(check);
        Assert.True(result.ExitCode == 0, $"{check} on Linux {machine.Release} ended with {result.ExitCode}:\n{result.Output}");
    }
}
