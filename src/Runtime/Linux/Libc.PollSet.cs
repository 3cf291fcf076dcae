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
    public static void Poll(Span<PollEntry> entries) => Poll(entries, Timeout.InfiniteTimeSpan);

    /// <summary>Waits until there is an event on one of the descriptors.</summary>
    /// <param name="entries">The descriptors, and where the events go.</param>
    /// <param name="timeout">The longest wait, which a signal may shorten; negative waits for ever.</param>
    /// <returns>False when there is none yet.</returns>
    public static bool Poll(Span<PollEntry> entries, TimeSpan timeout)
    {
        int milliseconds = timeout < TimeSpan.Zero ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue);
        fixed (PollEntry* first = entries)
        {
            while (true)
            {
                int count = poll((long*)first, (nuint)entries.Length, milliseconds);
                if (count >= 0) return count > 0;
                if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw KernelError.Last("poll");
                if (milliseconds >= 0) return false;
            }
        }
    }
}
