using ContainerTools.Runtime.Cgroups.Devices;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>
/// Devices on v2: not a controller but an eBPF program attached to the cgroup. It goes when the cgroup goes. Programs of a cgroup and of those
/// above it must all agree, so ours never widens what an administrator's denies.
/// </summary>
internal sealed class V2DevicesController : CgroupController
{
    /// <inheritdoc/>
    public override string Name => "devices";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Devices is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Devices is not { } rules) return;
        DeviceRuleSet wanted = DeviceRuleSet.Of(rules);
        using SafeFileHandle cgroup = Libc.Open(folder.Path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        IReadOnlyList<uint> old = Libc.QueryDevicePrograms(cgroup, folder.Path);
        if (!wanted.AllowsAll)
        {
            using SafeFileHandle program = Libc.LoadDeviceProgram(DeviceProgram.Assemble(wanted), folder.Path);
            Libc.AttachDeviceProgram(cgroup, program, folder.Path);
        }

        // The new one is in force before the old one goes: there is no moment without rules.
        foreach (uint id in old)
        {
            using SafeFileHandle? program = Libc.OpenBpfProgram(id);
            if (program is not null) Libc.DetachDeviceProgram(cgroup, program, folder.Path);
        }
    }
}
