using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>
/// Connects a container's terminal with ours: standard input to it, what it shows to standard output, the size, and our own terminal
/// in raw mode meanwhile, so that every key reaches the container.
/// </summary>
internal sealed class TerminalRelay : IDisposable
{
    private readonly SafeFileHandle _input = new(0, ownsHandle: false);
    private readonly SafeFileHandle _output = new(1, ownsHandle: false);
    private readonly SafeFileHandle _terminal;
    private readonly TerminalModes? _before;
    private readonly byte[] _pending = new byte[4096];
    private int _start;
    private int _end;
    private bool _inputEnded;
    private bool _outputEnded;

    /// <summary>Begins.</summary>
    /// <param name="terminal">The container's terminal, master side.</param>
    public TerminalRelay(SafeFileHandle terminal)
    {
        _terminal = terminal;
        Libc.SetNonBlocking(terminal);
        CopySize();
        if (Libc.TryGetTerminalModes(_input, out TerminalModes modes) && Libc.TrySetTerminalModes(_input, Libc.Raw(modes)) == 0) _before = modes;
    }

    /// <summary>Gives the container's terminal the size of ours, where we have one.</summary>
    public void CopySize()
    {
        (ushort Columns, ushort Rows)? size = Libc.TerminalSize(_input) ?? Libc.TerminalSize(_output);
        // An error means that the terminal is about to go, which the relay finds out by itself.
        if (size is { } found) Libc.TrySetTerminalSize(_terminal, found.Columns, found.Rows);
    }

    /// <summary>Says what to wait for; as many entries as there are returned.</summary>
    public int Fill(Span<PollEntry> entries)
    {
        entries[0] = new PollEntry
        {
            Descriptor = _outputEnded ? -1 : (int)_terminal.DangerousGetHandle(),
            Events = (short)(Libc.POLLIN | (_start < _end ? Libc.POLLOUT : 0)),
        };
        entries[1] = new PollEntry { Descriptor = _inputEnded || _start < _end ? -1 : 0, Events = Libc.POLLIN };
        return 2;
    }

    /// <summary>Moves what there is.</summary>
    public void Move(ReadOnlySpan<PollEntry> entries)
    {
        if ((entries[0].Returned & ~Libc.POLLOUT) != 0) MoveOutput();
        if (entries[1].Returned != 0) ReadInput();
        if (_start < _end) WriteInput();
    }

    /// <summary>Moves all output that is left.</summary>
    public void Drain()
    {
        while (!_outputEnded && MoveOutput())
        {
        }
    }

    /// <summary>Gives our terminal its modes back.</summary>
    public void Dispose()
    {
        if (_before is { } modes) Libc.TrySetTerminalModes(_input, modes);
    }

    private bool MoveOutput()
    {
        Span<byte> buffer = stackalloc byte[8192];
        int count = Libc.Read(_terminal, buffer);
        if (count == -Errno.EAGAIN) return false;
        if (count <= 0)
        {
            // EIO: the last process that had it open is gone.
            _outputEnded = true;
            return false;
        }

        for (ReadOnlySpan<byte> rest = buffer[..count]; rest.Length > 0;)
        {
            int written = Libc.Write(_output, rest);
            if (written == -Errno.EAGAIN)
            {
                Libc.Poll(_output, Libc.POLLOUT, Timeout.InfiniteTimeSpan);
                continue;
            }

            // Nobody reads any more; the container goes on, as it would with a terminal that nobody looks at.
            if (written < 0) break;
            rest = rest[written..];
        }

        return true;
    }

    private void ReadInput()
    {
        int count = Libc.Read(_input, _pending);
        if (count == -Errno.EAGAIN) return;
        _inputEnded = count <= 0;
        _start = 0;
        _end = Math.Max(count, 0);
    }

    private void WriteInput()
    {
        int written = Libc.Write(_terminal, _pending.AsSpan(_start, _end - _start));
        if (written == -Errno.EAGAIN) return;
        if (written < 0) _start = _end;
        else _start += written;
    }
}
