using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Keeps containers from writing to the executable of ctrun. Until its execve, a container's process is a copy of ctrun, so an image whose program is
/// a script with <c>#!/proc/self/exe</c> makes the kernel execute the host's ctrun inside the container, and from there its file can be opened
/// (CVE-2019-5736). The file must therefore be one that cannot be written through /proc/self/exe: on a read-only mount, immutable, or sealed.
/// A detached read-only copy of the mount costs nothing: the engine spawns ctrun from one, and ctrun executes itself again from one when it
/// was started from a file that can be written (ctrun's BeforeTheRuntime already does so, where it can, before the managed runtime starts).
/// </summary>
internal static unsafe partial class ProtectedExecutable
{
    private const string Self = "/proc/self/exe";
    private const long ReadOnlyMount = 1;
    private const ulong ImmutableAttribute = 0x10;
    private const ulong VerityAttribute = 0x10_0000;
    private const int SealsOfAProtectedFile = 0xf;
    private const int F_ADD_SEALS = 1033;
    private const int F_GET_SEALS = 1034;

    private static readonly Lock s_lock = new();
    private static (string Path, SafeFileHandle Copy)? s_copy;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, long* buffer);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ExecuteAtCall(nint number, nint file, byte* path, byte** arguments, byte** environment, nint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendfile(SafeHandle target, SafeHandle source, long* offset, nint count);

    /// <summary>
    /// A path to spawn an executable from that leads through a detached read-only mount of it; the executable's own path where this process may not make
    /// one (without CAP_SYS_ADMIN): ctrun then protects itself.
    /// </summary>
    public static string SpawnPath(string executable)
    {
        lock (s_lock)
        {
            if (s_copy is { } known && known.Path == executable) return PathOf(known.Copy);
            if (!Environment.IsPrivilegedProcess) return executable;
            SafeFileHandle copy;
            try
            {
                copy = ReadOnlyCopy(executable);
            }
            catch (KernelException error) when (error.Errno == Errno.EPERM)
            {
                return executable;
            }

            s_copy?.Copy.Dispose();
            s_copy = (executable, copy);
            return PathOf(copy);
        }
    }

    /// <summary>Whether the file of this process can not be written through /proc/self/exe.</summary>
    public static bool IsProtected()
    {
        // struct statfs: f_flags is the eleventh long; ST_RDONLY is about the mount.
        long* status = stackalloc long[16];
        if (statfs(Self, status) == 0 && (status[10] & ReadOnlyMount) != 0) return true;
        if (Libc.TryAttributes(Self, out ulong attributes) && (attributes & (ImmutableAttribute | VerityAttribute)) != 0) return true;
        using SafeFileHandle file = Libc.Open(Self, Libc.O_RDONLY | Libc.O_CLOEXEC);
        int seals = Libc.Control(file, F_GET_SEALS, 0);
        return seals > 0 && (seals & SealsOfAProtectedFile) == SealsOfAProtectedFile;
    }

    /// <summary>Executes this program again, with the same arguments, from a copy that cannot be written. Returns only where <see cref="IsProtected"/>.</summary>
    /// <exception cref="KernelException">When no such copy can be made.</exception>
    public static void Ensure()
    {
        if (IsProtected()) return;
        SafeFileHandle copy;
        try
        {
            copy = ReadOnlyCopy(Self);
        }
        catch (KernelException error) when (error.Errno == Errno.EPERM)
        {
            copy = SealedCopy();
        }

        using (copy) Execute(copy);
    }

    // Not /proc/self: the child that executes it has closed its own copy of the descriptor.
    private static string PathOf(SafeFileHandle copy) => string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{copy.DangerousGetHandle()}");

    private static SafeFileHandle ReadOnlyCopy(string executable)
    {
        SafeFileHandle copy = Libc.CloneTree(executable, recursive: false);
        try
        {
            Libc.SetMountAttributes(copy, new MountAttributes(Libc.MOUNT_ATTR_RDONLY | Libc.MOUNT_ATTR_NOSUID | Libc.MOUNT_ATTR_NODEV, 0, Libc.MS_PRIVATE, 0), recursive: false, executable);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static SafeFileHandle SealedCopy()
    {
        // MFD_CLOEXEC | MFD_ALLOW_SEALING
        int fd = memfd_create("ctrun", 3);
        if (fd < 0) throw KernelError.Last("memfd_create", "ctrun");
        SafeFileHandle copy = new(fd, ownsHandle: true);
        try
        {
            using SafeFileHandle source = Libc.Open(Self, Libc.O_RDONLY | Libc.O_CLOEXEC);
            nint sent;
            while ((sent = sendfile(copy, source, null, 1 << 30)) > 0)
            {
                // Until the end of the file.
            }

            if (sent < 0) throw KernelError.Last("sendfile", Self);
            if (Libc.Control(copy, F_ADD_SEALS, SealsOfAProtectedFile) < 0) throw KernelError.Last("fcntl(F_ADD_SEALS)", "ctrun");
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static void Execute(SafeFileHandle file)
    {
        byte[] arguments = File.ReadAllBytes("/proc/self/cmdline");
        byte[] environment = File.ReadAllBytes("/proc/self/environ");
        fixed (byte* argumentText = arguments, environmentText = environment)
        {
            byte** argumentList = Split(argumentText, arguments.Length), environmentList = Split(environmentText, environment.Length);
            byte empty = 0;
            ExecuteAtCall(SystemCall.Execveat.Number, file.DangerousGetHandle(), &empty, argumentList, environmentList, Libc.AT_EMPTY_PATH);
            throw KernelError.Last("execveat", Encoding.UTF8.GetString(arguments.AsSpan(0, Math.Max(0, arguments.AsSpan().IndexOf((byte)0)))));
        }
    }

    /// <summary>Pointers to strings that follow one another, each with its zero, as /proc/self/cmdline holds them.</summary>
    private static byte** Split(byte* text, int length)
    {
        int count = 0;
        for (int i = 0; i < length; i++)
        {
            if (text[i] == 0) count++;
        }

        // Not freed: what follows is execve.
        byte** list = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
        byte* start = text;
        for (int i = 0, next = 0; i < length; i++)
        {
            if (text[i] != 0) continue;
            list[next++] = start;
            start = text + i + 1;
        }

        return list;
    }
}
