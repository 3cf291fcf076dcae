namespace ContainerTools.Vm.Tests;

/// <summary>A distribution's smallest system on a disk, with systemd as its first process, a bus beside it and engines. debootstrap makes it once; that takes root.</summary>
public sealed class SystemdMachine : VirtualMachine
{
    private string? _disk;

    protected override int Memory => 2048;

    private protected override string? Disk => _disk;

    private protected override string Init => "systemd-init";

    private protected override string? Prepare()
    {
        _disk = VmTools.Disk(out string reason);
        return _disk is null ? reason : null;
    }
}
