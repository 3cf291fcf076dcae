using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>One entry of poll(2), struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    /// <summary>The descriptor; a negative one is skipped.</summary>
    public int Descriptor;
    /// <summary>What to wait for.</summary>
    public short Events;
    /// <summary>What there is.</summary>
    public short Returned;
}

/// <summary>poll(2) of several descriptors. Unlike epoll it takes plain files too, which are always ready.</summary>
internal static unsafe partial class Libc
{
    public const short POLLOUT = 0x4;

    /// <summary>Waits for ever until there is an event on one of the descriptors.</summary>
    public static void Poll(Span<PollEntry> entries)
    {
        fixed (PollEntry* first = entries)
        {
            while (poll((long*)first, (nuint)entries.Length, -1) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("poll");
            }
        }
    }
}
