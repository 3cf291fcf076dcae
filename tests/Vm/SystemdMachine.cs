namespace ContainerTools.Vm.Tests;

/// <summary>A distribution's smallest system, with systemd as its first process and a bus beside it. debootstrap makes it once; that takes root.</summary>
public sealed class SystemdMachine : VirtualMachine
{
    private string _root = "";

    protected override int Memory => 2048;

    protected override string Programs => "usr/local/bin";

    private protected override string? Prepare()
    {
        _root = VmTools.SystemdRoot(out string reason) ?? "";
        return _root.Length == 0 ? reason : null;
    }

    private protected override void Fill(CpioArchive archive)
    {
        archive.AddTree(_root);
        archive.AddFile("init", Path.Combine(Guest, "systemd-init"));
    }
}
