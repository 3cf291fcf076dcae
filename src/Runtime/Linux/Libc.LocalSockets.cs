using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Listening and connected unix(7) stream sockets, for code that has its own event loop.</summary>
internal static unsafe partial class Libc
{
    private const int SO_PEERCRED = 17;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int ListenBacklog = 64;

    // struct sockaddr_un: the family and 108 bytes of path, its zero included.
    private const int LocalAddressPath = 2;
    private const int MaximumLocalPath = 107;

    /// <summary>A socket that listens at a path, which must not exist; close-on-exec, and accepting does not wait.</summary>
    /// <param name="path">The path; one too long for an address is reached through its folder's descriptor.</param>
    /// <param name="mode">Permission bits: who may write to it may connect.</param>
    public static SafeFileHandle ListenLocal(string path, uint mode)
    {
        SafeFileHandle listener = CreateLocalSocket(O_NONBLOCK);
        try
        {
            WithLocalAddress(path, "bind", (address, length) => bind(listener, address, length));
            if (chmod(path, mode) < 0) throw KernelError.Last("chmod", path);
            if (listen(listener, ListenBacklog) < 0) throw KernelError.Last("listen", path);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A socket bound to an abstract name (unix(7)), which is one of the network namespace and goes with the socket; null when somebody has the name.
    /// </summary>
    public static SafeFileHandle? TryBindAbstract(string name)
    {
        SafeFileHandle socket = CreateLocalSocket(0);
        byte* address = stackalloc byte[LocalAddressPath + MaximumLocalPath + 1];
        *(ushort*)address = AF_UNIX;
        // A zero first is what makes it abstract.
        address[LocalAddressPath] = 0;
        int length = Encoding.UTF8.GetBytes(name, new Span<byte>(address + LocalAddressPath + 1, MaximumLocalPath));
        if (bind(socket, address, (uint)(LocalAddressPath + 1 + length)) == 0) return socket;
        int errno = Marshal.GetLastPInvokeError();
        socket.Dispose();
        return errno == Errno.EADDRINUSE ? null : throw KernelError.From("bind", errno, name);
    }

    /// <summary>Connects to a socket at a path; close-on-exec, and reading and writing do not wait.</summary>
    public static SafeFileHandle ConnectLocal(string path)
    {
        // Connecting waits for a place in the listener's queue, which is a matter of moments.
        SafeFileHandle socket = CreateLocalSocket(0);
        try
        {
            WithLocalAddress(path, "connect", (address, length) => connect(socket, address, length));
            SetNonBlocking(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>accept4(2); null when nobody is waiting. Close-on-exec, and reading and writing do not wait.</summary>
    public static SafeFileHandle? TryAccept(SafeHandle listener)
    {
        int fd = accept4(listener, null, null, SOCK_CLOEXEC | O_NONBLOCK);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;
    }

    /// <summary>The user id of the process that connected (SO_PEERCRED), as it was when it did.</summary>
    public static uint PeerUserId(SafeHandle socket)
    {
        // struct ucred: pid, uid, gid.
        uint* credentials = stackalloc uint[3];
        int size = 12;
        return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &size) == 0 ? credentials[1] : throw KernelError.Last("getsockopt(SO_PEERCRED)");
    }

    /// <summary>geteuid(2).</summary>
    public static uint EffectiveUserId => geteuid();

    /// <summary>Sends two pieces as one, without waiting and without SIGPIPE.</summary>
    /// <returns>The number of bytes taken, or the negative errno.</returns>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        fixed (byte* firstStart = first, secondStart = second)
        {
            nint* vectors = stackalloc nint[4];
            vectors[0] = (nint)firstStart;
            vectors[1] = first.Length;
            vectors[2] = (nint)secondStart;
            vectors[3] = second.Length;
            MessageHeader message = new() { Vectors = vectors, VectorCount = 2 };
            while (true)
            {
                nint count = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (count >= 0) return (int)count;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR) return -errno;
            }
        }
    }

    private delegate int LocalAddressCall(byte* address, uint length);

    private static SafeFileHandle CreateLocalSocket(int flags)
    {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("socket");
    }

    private static void WithLocalAddress(string path, string what, LocalAddressCall call)
    {
        byte* address = stackalloc byte[LocalAddressPath + MaximumLocalPath + 1];
        new Span<byte>(address, LocalAddressPath + MaximumLocalPath + 1).Clear();
        *(ushort*)address = AF_UNIX;
        Span<byte> name = new(address + LocalAddressPath, MaximumLocalPath);
        SafeFileHandle? folder = null;
        try
        {
            if (!Encoding.UTF8.TryGetBytes(path, name, out int length))
            {
                // What did fit of the path is in the buffer.
                name.Clear();
                folder = Open(Path.GetDirectoryName(path)!, O_PATH | O_DIRECTORY | O_CLOEXEC);
                length = Encoding.UTF8.GetBytes($"/proc/self/fd/{folder.DangerousGetHandle()}/{Path.GetFileName(path)}", name);
            }

            if (call(address, (uint)(LocalAddressPath + length + 1)) < 0) throw KernelError.Last(what, path);
        }
        finally
        {
            folder?.Dispose();
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int bind(SafeHandle socket, byte* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int connect(SafeHandle socket, byte* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int listen(SafeHandle socket, int backlog);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int accept4(SafeHandle socket, byte* address, uint* length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int getsockopt(SafeHandle socket, int level, int option, void* value, int* size);

    [LibraryImport(Library)]
    private static partial uint geteuid();

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);
}
