using System.Collections.Concurrent;
using System.Globalization;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Networks;

/// <summary>
/// A machine on the network: a network namespace of its own, entered by a thread that runs what is to run there; processes that it starts are there as well. Each engine
/// gets one, for their packet filters would drop each other's packets.
/// </summary>
internal sealed class NetworkMachine : IDisposable
{
    private readonly BlockingCollection<Action> _orders = [];
    private readonly Thread _thread;
    private int _threadId;

    /// <summary>Makes it, with its loopback device up.</summary>
    public NetworkMachine(BenchContext context)
    {
        _thread = new Thread(Work) { IsBackground = true };
        _thread.Start();
        Run(() =>
        {
            if (Libc.Unshare(Libc.CloneNewNet) != 0) throw new BenchException("unshare(CLONE_NEWNET) failed.");
            _threadId = Libc.GetThreadId();
        });
        Ip(context, "link", "set", "lo", "up");
    }

    /// <summary>Runs something there, and waits for it.</summary>
    public void Run(Action action) => Run(() =>
    {
        action();
        return 0;
    });

    /// <summary>Runs something there, and waits for what it returns.</summary>
    public T Run<T>(Func<T> function)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Add(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception exception)
            {
                // Thrown to the one who has asked.
                done.SetException(exception);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs something on several threads at once, all of them there.</summary>
    public void RunTogether(int threads, Action<int> action)
    {
        ConcurrentQueue<Exception> failures = [];
        using SafeFile own = Run(() => new SafeFile(Libc.Open("/proc/thread-self/ns/net", 0)));
        Thread[] all = [.. Enumerable.Range(0, threads).Select(number => new Thread(() =>
        {
            try
            {
                if (Libc.JoinNamespace(own.Descriptor, Libc.CloneNewNet) != 0) throw new BenchException("setns failed.");
                action(number);
            }
            catch (BenchException exception)
            {
                failures.Enqueue(exception);
            }
        }))];
        foreach (Thread thread in all) thread.Start();
        foreach (Thread thread in all) thread.Join();
        if (failures.TryDequeue(out Exception? failure)) throw failure;
    }

    /// <summary>Joins it with another one by a cable.</summary>
    /// <param name="context">The bench.</param>
    /// <param name="other">The other one.</param>
    /// <param name="address">This one's address.</param>
    /// <param name="otherAddress">The other one's.</param>
    public void Join(BenchContext context, NetworkMachine other, string address, string otherAddress)
    {
        Ip(context, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", other._threadId.ToString(CultureInfo.InvariantCulture));
        foreach ((NetworkMachine machine, string own) in ((NetworkMachine, string)[])[(this, address), (other, otherAddress)])
        {
            machine.Ip(context, "address", "add", own + "/24", "dev", "cable");
            machine.Ip(context, "link", "set", "cable", "up");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _orders.CompleteAdding();
        _thread.Join();
        _orders.Dispose();
    }

    private void Ip(BenchContext context, params string[] arguments)
    {
        Tool ip = Tool.Find("ip") ?? throw new BenchException("ip is not installed (package iproute2).");
        Run(() => new Command(context.Workspace, null, ip.Path, arguments).Time());
    }

    private void Work()
    {
        foreach (Action order in _orders.GetConsumingEnumerable()) order();
    }

    private sealed class SafeFile(int descriptor) : IDisposable
    {
        public int Descriptor { get; } = descriptor >= 0 ? descriptor : throw new BenchException("The network namespace cannot be opened.");

        public void Dispose() => _ = Libc.Close(Descriptor);
    }
}
