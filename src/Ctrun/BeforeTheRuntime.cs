using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ContainerTools.Ctrun
{
    /// <summary>
    /// The first thing that runs, before the managed runtime is there, and on x86-64 before the C library is (the project file has the linker put it in the place of
    /// main and of what calls it): executes ctrun again from a read-only mount where it must (ProtectedExecutable says why). Done here it costs one more
    /// execve; done in Program.Main, it cost the start of the managed runtime twice. The C library's own start asks the processor for its features
    /// dozens of times (CPUID), which in a virtual machine is an exit to the hypervisor each: 0.2 ms.
    /// </summary>
    /// <remarks>
    /// The rules are those of the interpreter: system calls on memory that is there already; no allocation, no exception, no statics. It only ever
    /// tries: whatever fails here is done again, with words for its errors, by ProtectedExecutable.Ensure in the commands that need it.
    /// </remarks>
    internal static unsafe partial class BeforeTheRuntime
    {
        private const int OpenTree = 428;
        private const int MountSetAttr = 442;
        private const int AtFdcwd = -100;
        private const int AtEmptyPath = 0x1000;
        private const int OpenTreeCloneCloseOnExec = 1 | 0x80000;
        private const int ReadOnlyMount = 1;
        private const int Private = 1 << 18;

        // arch_prctl(2): ARCH_SET_FS; and room for the C library's variables of a thread, which lie below that address.
        private const int ArchPrctl = 158;
        private const int SetFs = 0x1002;
        private const int SizeOfThread = 1024;

        // mallopt(3): M_ARENA_MAX.
        private const int ArenaMax = -8;

        // MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
        private const int ReadOnlyNoSetUidNoDevices = 1 | 2 | 4;

        [LibraryImport("libc"), SuppressGCTransition]
        private static partial nint syscall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4);

        [LibraryImport("libc", EntryPoint = "__real_main"), SuppressGCTransition]
        private static partial int RealMain(int count, byte** arguments, byte** environment);

        [LibraryImport("libc"), SuppressGCTransition]
        private static partial int mallopt(int parameter, int value);

        [LibraryImport("libc", EntryPoint = "__real___libc_start_main"), SuppressGCTransition]
        private static partial int RealStart(nint main, int count, byte** arguments, nint init, nint end, nint loaderEnd, nint stackEnd);

        // Called by the first instructions of all (_start). A system call that fails writes errno, which is a thread's own: the memory of this thread is not there yet, so
        // there is some for that while. On other processors the register that says where it is cannot be set by a system call; they wait for main.
        [RuntimeExport("__wrap___libc_start_main")]
        [SkipLocalsInit]
        private static int InPlaceOfStart(nint main, int count, byte** arguments, nint init, nint end, nint loaderEnd, nint stackEnd)
        {
            if (X86Base.IsSupported && StartsProcesses(count, arguments))
            {
                byte* thread = stackalloc byte[2 * SizeOfThread];
                syscall(ArchPrctl, SetFs, (nint)(thread + SizeOfThread), 0, 0, 0);
                // The environment follows the arguments, behind a null pointer.
                Protect(arguments, arguments + count + 1);
            }

            return RealStart(main, count, arguments, init, end, loaderEnd, stackEnd);
        }

        [RuntimeExport("__wrap_main")]
        private static int InPlaceOfMain(int count, byte** arguments, byte** environment)
        {
            if (!X86Base.IsSupported && StartsProcesses(count, arguments)) Protect(arguments, environment);
            // By itself the C library reserves 128 MB, and writes to some of it, for each thread that allocates; the finalizer's allocates once.
            mallopt(ArenaMax, 1);
            return RealMain(count, arguments, environment);
        }

        private static bool StartsProcesses(int count, byte** arguments)
        {
            for (int i = 1; i < count; i++)
            {
                if (StartsProcesses(arguments[i])) return true;
            }

            return false;
        }

        // A container's name may be one of these words as well: then one execve was for nothing.
        private static bool StartsProcesses(byte* word) =>
            Is(word, "run"u8) || Is(word, "exec"u8) || Is(word, "create"u8) || Is(word, "monitor"u8) || Is(word, "session"u8);

        private static bool Is(byte* word, ReadOnlySpan<byte> verb)
        {
            for (int i = 0; i < verb.Length; i++)
            {
                if (word[i] != verb[i]) return false;
            }

            return word[verb.Length] == 0;
        }

        private static void Protect(byte** arguments, byte** environment)
        {
            fixed (byte* self = "/proc/self/exe"u8, empty = "\0"u8)
            {
                // struct statfs: f_flags is the eleventh long.
                long* status = stackalloc long[16];
                if (syscall(X86Base.IsSupported ? 137 : 43, (nint)self, (nint)status, 0, 0, 0) != 0) return;
                if ((status[10] & ReadOnlyMount) != 0) return;
                nint file = syscall(OpenTree, AtFdcwd, (nint)self, OpenTreeCloneCloseOnExec, 0, 0);
                if (file < 0) return;

                // struct mount_attr: to set, to clear, propagation, user namespace.
                ulong* attributes = stackalloc ulong[4];
                attributes[0] = ReadOnlyNoSetUidNoDevices;
                attributes[1] = 0;
                attributes[2] = Private;
                attributes[3] = 0;
                if (syscall(MountSetAttr, file, (nint)empty, AtEmptyPath, (nint)attributes, 4 * sizeof(ulong)) != 0) return;
                syscall(X86Base.IsSupported ? 322 : 281, file, (nint)empty, (nint)arguments, (nint)environment, AtEmptyPath);
            }
        }
    }
}

namespace System.Runtime
{
    /// <summary>Known to the ahead-of-time compiler by its name: the method gets this symbol, and no frame that waits for the managed runtime.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class RuntimeExportAttribute(string entry) : Attribute
    {
        public string EntryPoint { get; } = entry;
    }
}
