using Xunit;

namespace ContainerTools.Vm.Tests;

/// <summary>
/// The distribution's engines with ctrun as their runtime, on cgroup v2 alone: Podman under systemd's eyes and by itself, with privileges and without, containerd and dockerd.
/// Each check is a script of Guest/engine-checks.
/// </summary>
[Collection(SystemdCollection.Name)]
public sealed class EngineTests(SystemdMachine machine)
{
    public static IEnumerable<TheoryDataRow<string>> Checks => VirtualMachine.ChecksIn("engine-checks");

    [Theory]
    [MemberData(nameof(Checks))]
    public void With_ctrun(string check)
    {
        Assert.SkipWhen(machine.SkipReason is not null, machine.SkipReason ?? "");
        CheckResult result = machine.Result(check);
        Assert.SkipWhen(result.ExitCode == VirtualMachine.NotToBeHad, result.Output);
        Assert.True(result.ExitCode == 0, $"{check} on Linux {machine.Release} ended with {result.ExitCode}:\n{result.Output}");
    }
}
