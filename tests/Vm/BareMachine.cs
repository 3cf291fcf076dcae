namespace ContainerTools.Vm.Tests;

/// <summary>A kernel with busybox and ctrun and nothing else. No rights are needed to make it.</summary>
public sealed class BareMachine : VirtualMachine
{
    protected override int Memory => 1024;

    protected override string Programs => "bin";

    private protected override string? Prepare() => null;

    private protected override void Fill(CpioArchive archive) => archive.AddFile("init", Path.Combine(Guest, "init"));
}
