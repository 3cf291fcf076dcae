namespace ContainerTools.Runtime.Cgroups.Devices;

/// <summary>What can be done with a device node; the values are BPF_DEVCG_ACC_* of linux/bpf.h.</summary>
[Flags]
internal enum DeviceAccess
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>mknod(2), <c>m</c>.</summary>
    Make = 1,
    /// <summary><c>r</c>.</summary>
    Read = 2,
    /// <summary><c>w</c>.</summary>
    Write = 4,
    /// <summary>All three.</summary>
    All = Make | Read | Write,
}
