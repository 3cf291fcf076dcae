using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>Descriptors handed from process to process (unix(7), SCM_RIGHTS), and kept out of the way of 0, 1 and 2.</summary>
internal static unsafe partial class Libc
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_CLOEXEC = O_CLOEXEC;
    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;
    private const int MSG_CMSG_CLOEXEC = 0x4000_0000;

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public nint Name;
        public uint NameLength;
        public nint* Vectors;
        public nint VectorCount;
        public byte* Control;
        public nint ControlLength;
        public int Flags;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint recvmsg(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint sendmsg(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespaceCall(SafeHandle file, int type);

    /// <summary>Two connected stream sockets, close-on-exec.</summary>
    public static (SafeFileHandle One, SafeFileHandle Other) CreateSocketPair()
    {
        int* ends = stackalloc int[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) throw KernelError.Last("socketpair");
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Receives one descriptor; null when the other end closed without sending one.</summary>
    public static SafeFileHandle? ReceiveDescriptor(SafeHandle socket)
    {
        byte data;
        nint* vector = stackalloc nint[2];
        vector[0] = (nint)(&data);
        vector[1] = 1;
        byte* control = stackalloc byte[32];
        MessageHeader message = new() { Vectors = vector, VectorCount = 1, Control = control, ControlLength = 24 };
        nint received;
        while ((received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("recvmsg");
        }

        bool carries = received > 0 && message.ControlLength >= 20 && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS;
        return carries ? new SafeFileHandle(*(int*)(control + 16), ownsHandle: true) : null;
    }

    /// <summary>Receives bytes, and the descriptor that came with them, if one did.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="descriptor">Is set when a descriptor came; close-on-exec.</param>
    /// <returns>The number of bytes, 0 at the end of the stream, or the negative errno.</returns>
    public static int ReceiveWithDescriptor(SafeHandle socket, Span<byte> buffer, ref SafeFileHandle? descriptor)
    {
        fixed (byte* start = buffer)
        {
            nint* vector = stackalloc nint[2];
            vector[0] = (nint)start;
            vector[1] = buffer.Length;
            byte* control = stackalloc byte[32];
            while (true)
            {
                MessageHeader message = new() { Vectors = vector, VectorCount = 1, Control = control, ControlLength = 24 };
                nint received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
                if (received < 0)
                {
                    int errno = Marshal.GetLastPInvokeError();
                    if (errno == Errno.EINTR) continue;
                    return -errno;
                }

                if (message.ControlLength >= 20 && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS)
                {
                    descriptor?.Dispose();
                    descriptor = new SafeFileHandle(*(int*)(control + 16), ownsHandle: true);
                }

                return (int)received;
            }
        }
    }

    /// <summary>Sends one descriptor together with some bytes; at least one.</summary>
    public static void SendDescriptor(SafeHandle socket, SafeHandle descriptor, ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            nint* vector = stackalloc nint[2];
            vector[0] = (nint)start;
            vector[1] = data.Length;
            byte* control = stackalloc byte[32];
            *(long*)control = 20;
            *(int*)(control + 8) = SOL_SOCKET;
            *(int*)(control + 12) = SCM_RIGHTS;
            *(int*)(control + 16) = (int)descriptor.DangerousGetHandle();
            MessageHeader message = new() { Vectors = vector, VectorCount = 1, Control = control, ControlLength = 24 };
            while (sendmsg(socket, &message, 0x4000) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("sendmsg");
            }
        }
    }

    /// <summary>A copy of a descriptor with a number above 2, close-on-exec.</summary>
    public static SafeFileHandle DuplicateAboveStreams(SafeHandle file)
    {
        int fd = fcntl(file, F_DUPFD_CLOEXEC, 3);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw KernelError.Last("fcntl(F_DUPFD_CLOEXEC)");
    }

    /// <summary>Makes read and write wait again.</summary>
    public static void SetBlocking(SafeHandle file)
    {
        if (fcntl(file, F_SETFL, 0) < 0) throw KernelError.Last("fcntl(F_SETFL)");
    }

    /// <summary>setns(2).</summary>
    public static void JoinNamespace(SafeHandle file, ulong type, string what)
    {
        if (SetNamespaceCall(file, (int)type) < 0) throw KernelError.Last("setns", what);
    }
}
