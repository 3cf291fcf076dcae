using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>A terminal's modes, struct termios of the kernel (not the C library's), as they were.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct TerminalModes
{
    /// <summary>c_iflag.</summary>
    public uint Input;
    /// <summary>c_oflag.</summary>
    public uint Output;
    /// <summary>c_cflag.</summary>
    public uint Control;
    /// <summary>c_lflag.</summary>
    public uint Local;
}

/// <summary>Modes and size of a terminal (tty_ioctl(4)).</summary>
internal static unsafe partial class Libc
{
    private const nuint TCGETS = 0x5401;
    private const nuint TCSETS = 0x5402;
    private const nuint TIOCGWINSZ = 0x5413;

    /// <summary>Reads the modes; false if the file is no terminal.</summary>
    public static bool TryGetTerminalModes(SafeHandle file, out TerminalModes modes)
    {
        TerminalModes read = default;
        bool isTerminal = ioctl(file, TCGETS, &read) == 0;
        modes = read;
        return isTerminal;
    }

    /// <summary>Sets the modes; 0 or the errno.</summary>
    public static int TrySetTerminalModes(SafeHandle terminal, TerminalModes modes)
        => ioctl(terminal, TCSETS, &modes) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>The modes in which every byte passes as it is, as cfmakeraw(3) makes them.</summary>
    public static TerminalModes Raw(TerminalModes modes)
    {
        // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON; OPOST; ECHO ECHONL ICANON ISIG IEXTEN; CSIZE PARENB, CS8.
        modes.Input &= ~0x5ebu;
        modes.Output &= ~0x1u;
        modes.Local &= ~0x804bu;
        modes.Control = (modes.Control & ~0x130u) | 0x30;
        return modes;
    }

    /// <summary>A terminal's size in character cells; null if the file is no terminal.</summary>
    public static (ushort Columns, ushort Rows)? TerminalSize(SafeHandle file)
    {
        ushort* size = stackalloc ushort[4];
        return ioctl(file, TIOCGWINSZ, size) == 0 ? (size[1], size[0]) : null;
    }
}
