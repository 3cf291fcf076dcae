using System.Runtime.InteropServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// One thread, one epoll(7): it sleeps in the kernel until a file is ready or the one deadline there may be has come. Waiting
/// and dispatching allocate nothing.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const int BatchSize = 16;

    private readonly SafeFileHandle _epoll = Libc.CreateEpoll();
    // A registration's place; the upper half of epoll's data is its generation, so that an event of a file that was removed earlier in
    // the same batch does not reach the one that has its place now.
    private Registration?[] _places = new Registration?[16];
    private uint _generation;
    private long _deadline = long.MaxValue;
    private Action? _onDeadline;
    private bool _stopped;

    /// <summary>Watches a file.</summary>
    /// <param name="file">The file; it must stay open as long as it is watched.</param>
    /// <param name="events">EPOLLIN, EPOLLOUT; 0 to begin later.</param>
    /// <param name="handler">Who is told.</param>
    public Registration Add(SafeHandle file, uint events, IEventHandler handler)
    {
        int place = Array.IndexOf(_places, null);
        if (place < 0)
        {
            place = _places.Length;
            Array.Resize(ref _places, place * 2);
        }

        Registration registration = new(this, file, handler, place, ++_generation);
        _places[place] = registration;
        registration.Change(events);
        return registration;
    }

    /// <summary>Calls an action once after some time; replaces a deadline set before. For one who has nothing else to wait for.</summary>
    public void SetDeadline(TimeSpan time, Action action)
    {
        _deadline = Environment.TickCount64 + (long)Math.Ceiling(time.TotalMilliseconds);
        _onDeadline = action;
    }

    /// <summary>Forgets the deadline.</summary>
    public void ClearDeadline()
    {
        _deadline = long.MaxValue;
        _onDeadline = null;
    }

    /// <summary>Waits and dispatches until <see cref="Stop"/>.</summary>
    public void Run()
    {
        Span<(uint Events, long Data)> ready = stackalloc (uint, long)[BatchSize];
        _stopped = false;
        while (!_stopped)
        {
            int count = Libc.WaitEpoll(_epoll, ready, Timeout());
            for (int i = 0; i < count && !_stopped; i++)
            {
                (uint events, long data) = ready[i];
                Registration? registration = _places[(int)data];
                if (registration is not null && registration.Generation == (uint)(data >> 32)) registration.Handler.OnReady(events);
            }

            if (!_stopped && _onDeadline is { } action && Environment.TickCount64 >= _deadline)
            {
                ClearDeadline();
                action();
            }
        }
    }

    /// <summary>Makes <see cref="Run"/> return.</summary>
    public void Stop() => _stopped = true;

    /// <inheritdoc/>
    public void Dispose() => _epoll.Dispose();

    private int Timeout()
        => _onDeadline is null ? -1 : (int)Math.Clamp(_deadline - Environment.TickCount64, 0, int.MaxValue);

    /// <summary>A watched file.</summary>
    internal sealed class Registration : IDisposable
    {
        private readonly EventLoop _loop;
        private readonly SafeHandle _file;
        private readonly int _place;
        private uint _events;

        /// <summary>A registration that watches for nothing yet.</summary>
        public Registration(EventLoop loop, SafeHandle file, IEventHandler handler, int place, uint generation)
        {
            _loop = loop;
            _file = file;
            Handler = handler;
            _place = place;
            Generation = generation;
        }

        /// <summary>Who is told.</summary>
        public IEventHandler Handler { get; }

        /// <summary>Tells it from others that had its place.</summary>
        public uint Generation { get; }

        /// <summary>
        /// Says what to watch for; with 0 the file is taken out of the epoll, which would otherwise go on to report a hang-up that
        /// nobody wants to hear of yet.
        /// </summary>
        public void Change(uint events)
        {
            if (events == _events) return;
            int operation = events == 0 ? Libc.EPOLL_CTL_DEL : _events == 0 ? Libc.EPOLL_CTL_ADD : Libc.EPOLL_CTL_MOD;
            Libc.ControlEpoll(_loop._epoll, operation, _file, events, ((long)Generation << 32) | (uint)_place);
            _events = events;
        }

        /// <summary>Watches it no more; the file must still be open.</summary>
        public void Dispose()
        {
            if (_loop._places[_place] != this) return;
            Change(0);
            _loop._places[_place] = null;
        }
    }
}
