using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>bpf(2), as far as device programs of cgroups need it.</summary>
internal static unsafe partial class Libc
{
    private const int BPF_PROG_LOAD = 5;
    private const int BPF_PROG_ATTACH = 8;
    private const int BPF_PROG_DETACH = 9;
    private const int BPF_PROG_GET_FD_BY_ID = 13;
    private const int BPF_PROG_QUERY = 16;
    private const uint BPF_PROG_TYPE_CGROUP_DEVICE = 15;
    private const uint BPF_CGROUP_DEVICE = 6;
    private const uint BPF_F_ALLOW_MULTI = 2;

    /// <summary>Enough for the commands here and no more than any kernel has; the kernel takes what follows for zero.</summary>
    private const uint BpfAttributeSize = 120;

    /// <summary>BPF_PROG_LOAD: gives the program to the kernel's verifier.</summary>
    public static SafeFileHandle LoadDeviceProgram(ReadOnlySpan<BpfInstruction> program, string path)
    {
        fixed (BpfInstruction* instructions = program)
        fixed (byte* license = "Apache-2.0\0"u8)
        {
            ulong* attribute = stackalloc ulong[(int)BpfAttributeSize / 8];
            new Span<ulong>(attribute, (int)BpfAttributeSize / 8).Clear();
            ((uint*)attribute)[0] = BPF_PROG_TYPE_CGROUP_DEVICE;
            ((uint*)attribute)[1] = (uint)program.Length;
            attribute[1] = (ulong)instructions;
            attribute[2] = (ulong)license;
            long fd = bpf(SystemCall.Bpf.Number, BPF_PROG_LOAD, attribute, BpfAttributeSize);
            return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : throw KernelError.Last("bpf(BPF_PROG_LOAD)", path);
        }
    }

    /// <summary>BPF_PROG_ATTACH with BPF_F_ALLOW_MULTI.</summary>
    public static void AttachDeviceProgram(SafeHandle cgroup, SafeHandle program, string path)
    {
        if (ChangeDevicePrograms(BPF_PROG_ATTACH, cgroup, program, BPF_F_ALLOW_MULTI) < 0) throw KernelError.Last("bpf(BPF_PROG_ATTACH)", path);
    }

    /// <summary>BPF_PROG_DETACH; no error when it is not attached any more.</summary>
    public static void DetachDeviceProgram(SafeHandle cgroup, SafeHandle program, string path)
    {
        if (ChangeDevicePrograms(BPF_PROG_DETACH, cgroup, program, 0) == 0) return;
        int errno = Marshal.GetLastPInvokeError();
        if (errno != Errno.ENOENT) throw KernelError.From("bpf(BPF_PROG_DETACH)", errno, path);
    }

    /// <summary>BPF_PROG_QUERY: the ids of the device programs attached to this very cgroup.</summary>
    public static IReadOnlyList<uint> QueryDevicePrograms(SafeHandle cgroup, string path)
    {
        // BPF_CGROUP_MAX_PROGS is 64: no cgroup has more.
        const int Most = 64;
        uint* ids = stackalloc uint[Most];
        ulong* attribute = stackalloc ulong[(int)BpfAttributeSize / 8];
        new Span<ulong>(attribute, (int)BpfAttributeSize / 8).Clear();
        uint* words = (uint*)attribute;
        words[0] = (uint)cgroup.DangerousGetHandle();
        words[1] = BPF_CGROUP_DEVICE;
        attribute[2] = (ulong)ids;
        words[6] = Most;
        if (bpf(SystemCall.Bpf.Number, BPF_PROG_QUERY, attribute, BpfAttributeSize) < 0) throw KernelError.Last("bpf(BPF_PROG_QUERY)", path);
        return new ReadOnlySpan<uint>(ids, (int)words[6]).ToArray();
    }

    /// <summary>BPF_PROG_GET_FD_BY_ID; null when the program is gone.</summary>
    public static SafeFileHandle? OpenBpfProgram(uint id)
    {
        ulong* attribute = stackalloc ulong[(int)BpfAttributeSize / 8];
        new Span<ulong>(attribute, (int)BpfAttributeSize / 8).Clear();
        ((uint*)attribute)[0] = id;
        long fd = bpf(SystemCall.Bpf.Number, BPF_PROG_GET_FD_BY_ID, attribute, BpfAttributeSize);
        if (fd >= 0) return new SafeFileHandle((nint)fd, ownsHandle: true);
        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.ENOENT ? null : throw KernelError.From("bpf(BPF_PROG_GET_FD_BY_ID)", errno);
    }

    private static long ChangeDevicePrograms(int command, SafeHandle cgroup, SafeHandle program, uint flags)
    {
        ulong* attribute = stackalloc ulong[(int)BpfAttributeSize / 8];
        new Span<ulong>(attribute, (int)BpfAttributeSize / 8).Clear();
        uint* words = (uint*)attribute;
        words[0] = (uint)cgroup.DangerousGetHandle();
        words[1] = (uint)program.DangerousGetHandle();
        words[2] = BPF_CGROUP_DEVICE;
        words[3] = flags;
        return bpf(SystemCall.Bpf.Number, command, attribute, BpfAttributeSize);
    }

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long bpf(long number, int command, ulong* attribute, uint size);
}
