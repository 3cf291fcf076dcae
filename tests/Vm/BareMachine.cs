namespace ContainerTools.Vm.Tests;

/// <summary>A kernel with busybox and ctrun and nothing else. No rights are needed to make it.</summary>
public sealed class BareMachine : VirtualMachine
{
    protected override int Memory => 1024;

    private protected override string Init => "init";

    private protected override string? Prepare() => null;
}
