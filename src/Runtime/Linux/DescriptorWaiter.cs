using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Waits for descriptors without polling and without a thread for each: one background thread in epoll_wait(2) for the whole
/// process. A pidfd is readable when its process has ended; a pipe when there is something to read or nobody left to write.
/// </summary>
internal static class DescriptorWaiter
{
    private static readonly ConcurrentDictionary<long, Waiter> s_waiters = new();
    private static readonly Lazy<SafeFileHandle> s_epoll = new(Begin);
    private static long s_next;

    /// <summary>Completes when the descriptor is readable, at its end of file, or in error.</summary>
    public static Task WaitReadableAsync(SafeHandle descriptor, CancellationToken cancellationToken)
        => WaitAsync(descriptor, Libc.EPOLLIN | Libc.EPOLLRDHUP, cancellationToken);

    /// <summary>Completes when the descriptor can be written to, or nobody is left to read.</summary>
    public static Task WaitWritableAsync(SafeHandle descriptor, CancellationToken cancellationToken)
        => WaitAsync(descriptor, Libc.EPOLLOUT, cancellationToken);

    /// <summary>Waits for the descriptor to become readable, but gives up after a time.</summary>
    /// <returns>False when the time is over.</returns>
    public static async Task<bool> WaitReadableAsync(SafeHandle descriptor, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            await WaitReadableAsync(descriptor, cancellationToken).ConfigureAwait(false);
            return true;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            await WaitReadableAsync(descriptor, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task WaitAsync(SafeHandle descriptor, uint events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool held = false;
        SafeFileHandle? own = null;
        long key = Interlocked.Increment(ref s_next);
        Waiter waiter = new();
        try
        {
            // A descriptor can be in an epoll only once, and two may wait for the same one: each waits on a copy of its own. The copy
            // also keeps the caller free to close his.
            descriptor.DangerousAddRef(ref held);
            own = Libc.Duplicate(descriptor);
            s_waiters[key] = waiter;
            Libc.ControlEpoll(s_epoll.Value, Libc.EPOLL_CTL_ADD, own, events | Libc.EPOLLONESHOT, key);
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
            await waiter.Task.ConfigureAwait(false);
        }
        finally
        {
            s_waiters.TryRemove(key, out _);
            if (own is not null)
            {
                // Closing does not take it out of the epoll: the caller's descriptor keeps the open file alive.
                Libc.TryControlEpoll(s_epoll.Value, Libc.EPOLL_CTL_DEL, own, 0, 0);
                own.Dispose();
            }

            if (held) descriptor.DangerousRelease();
        }
    }

    private static SafeFileHandle Begin()
    {
        SafeFileHandle epoll = Libc.CreateEpoll();
        Thread thread = new(() => Run(epoll), 128 * 1024) { IsBackground = true, Name = "descriptor waiter" };
        thread.Start();
        return epoll;
    }

    private static void Run(SafeFileHandle epoll)
    {
        Span<long> ready = stackalloc long[64];
        while (true)
        {
            int count = Libc.WaitEpoll(epoll, ready, -1);
            foreach (long key in ready[..count])
            {
                if (s_waiters.TryGetValue(key, out Waiter? waiter)) waiter.TrySetResult();
            }
        }
    }

    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
}
