using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Tests.Linux;

/// <summary>Runs something under a umask of its own: on a thread that shares it with no other, as the process's other tests do.</summary>
internal static partial class WithUmask
{
    /// <summary>Runs it, with all that it does after its awaits.</summary>
    public static void Run(uint mask, Func<Task> action)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                const int CLONE_FS = 0x200;
                if (unshare(CLONE_FS) != 0) throw new InvalidOperationException($"unshare: {Marshal.GetLastPInvokeError()}");
                umask(mask);
                Queue queue = new();
                SynchronizationContext.SetSynchronizationContext(queue);
                Task task = action();
                task.ContinueWith(_ => queue.End(), TaskScheduler.Default);
                queue.Work();
                task.GetAwaiter().GetResult();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    private sealed class Queue : SynchronizationContext
    {
        private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _work = [];

        public override void Post(SendOrPostCallback d, object? state) => _work.Add((d, state));

        public void End() => _work.CompleteAdding();

        public void Work()
        {
            foreach ((SendOrPostCallback callback, object? state) in _work.GetConsumingEnumerable()) callback(state);
        }
    }
}
