using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// Passes questions on to other servers, from the monitor's own network namespace. As the C library does: each server in turn, a number of times, each waited for; what no server
/// has answered is answered with SERVFAIL. A server that was silent a moment ago is asked after the others, so that one that is gone costs its time-out once.
/// </summary>
internal sealed class DnsForwarder : IEventHandler, IDisposable
{
    private const int MostForwards = 1024;
    private const long SilenceMilliseconds = 30_000;
    private readonly Dictionary<int, long> _silentUntil = [];
    // In the order of their deadlines: all wait for the same time, and who begins to wait goes to the end.
    private readonly LinkedList<DnsForward> _waiting = new();
    private readonly int _attempts;
    private byte[]? _buffer;
    private SafeFileHandle? _timer;
    private EventLoop.Registration? _timerRegistration;

    /// <summary>A forwarder.</summary>
    /// <param name="loop">Where its sockets are watched.</param>
    /// <param name="servers">The servers' addresses.</param>
    /// <param name="timeout">How long one is waited for.</param>
    /// <param name="attempts">How often all are asked.</param>
    public DnsForwarder(EventLoop loop, IReadOnlyList<string> servers, TimeSpan timeout, int attempts)
    {
        Loop = loop;
        Servers = servers;
        Timeout = (long)timeout.TotalMilliseconds;
        _attempts = attempts;
    }

    /// <summary>Where its sockets are watched.</summary>
    public EventLoop Loop { get; }

    /// <summary>The servers' addresses.</summary>
    public IReadOnlyList<string> Servers { get; }

    /// <summary>A place for one answer to be read into; a monitor whose container never asks has none.</summary>
    public byte[] Buffer => _buffer ??= new byte[ushort.MaxValue];

    private long Timeout { get; }

    /// <summary>Passes a question on.</summary>
    /// <param name="question">The question.</param>
    /// <param name="query">It as it came.</param>
    /// <param name="isStream">It came over TCP, and goes on over TCP.</param>
    /// <param name="client">Tells who asks, for questions that come again while they are being answered; empty over TCP.</param>
    /// <param name="reply">Gets the answer, once.</param>
    public void Ask(DnsMessage question, byte[] query, bool isStream, byte[] client, DnsServer.Reply reply)
    {
        // Asked again by a client that has less patience: the answer is on its way.
        if (!isStream && _waiting.Any(other => other.IsSame(query, client))) return;
        // A container that asks without end must not take all descriptors. No answer, for one that says that the name is not to be had would be believed: who gets none asks again.
        if (_waiting.Count >= MostForwards) return;
        List<int> order = [];
        for (int attempt = 0; attempt < _attempts; attempt++)
        {
            order.AddRange(Enumerable.Range(0, Servers.Count).OrderBy(server => IsSilent(server)));
        }

        new DnsForward(this, question, query, isStream, client, reply, order).Begin();
    }

    /// <summary>The timer: who has waited for long enough.</summary>
    public void OnReady(uint events)
    {
        long now = Environment.TickCount64;
        while (_waiting.First is { } first && first.Value.Deadline <= now) first.Value.OnSilence();
        SetTimer();
    }

    /// <summary>A question begins to wait for an answer.</summary>
    public void Wait(DnsForward forward)
    {
        if (forward.Place.List is not null) _waiting.Remove(forward.Place);
        forward.Deadline = Environment.TickCount64 + Timeout;
        _waiting.AddLast(forward.Place);
        if (_waiting.Count == 1) SetTimer();
    }

    /// <summary>A question waits no more.</summary>
    public void Leave(DnsForward forward)
    {
        if (forward.Place.List is null) return;
        _waiting.Remove(forward.Place);
        if (_waiting.Count == 0) SetTimer();
    }

    /// <summary>A server has been silent, or has not.</summary>
    public void Remember(int server, bool isSilent)
    {
        if (isSilent) _silentUntil[server] = Environment.TickCount64 + SilenceMilliseconds;
        else _silentUntil.Remove(server);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_waiting.First is { } first) first.Value.Dispose();
        _timerRegistration?.Dispose();
        _timer?.Dispose();
    }

    private bool IsSilent(int server) => _silentUntil.TryGetValue(server, out long until) && Environment.TickCount64 < until;

    private void SetTimer()
    {
        if (_timer is null)
        {
            if (_waiting.Count == 0) return;
            _timer = Libc.CreateTimer();
            _timerRegistration = Loop.Add(_timer, Libc.EPOLLIN, this);
        }

        // One that nobody waits for is off: an idle monitor is not woken.
        Libc.SetTimer(_timer, _waiting.First is { } first ? Math.Max(1, first.Value.Deadline - Environment.TickCount64) : 0);
    }
}
