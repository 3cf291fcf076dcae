namespace ContainerTools.Runtime.Monitoring;

/// <summary>What a frame on the control socket carries.</summary>
internal enum ControlFrameKind : byte
{
    /// <summary>To the container: bytes for its standard input; none closes it.</summary>
    StandardInput = 0,
    /// <summary>From the container: bytes it wrote to standard output or its terminal.</summary>
    StandardOutput = 1,
    /// <summary>From the container: bytes it wrote to standard error.</summary>
    StandardError = 2,
    /// <summary>To the container: the terminal's columns and rows.</summary>
    Resize = 3,
    /// <summary>From the monitor, the last frame: the exit code, and for a waiter exit.json.</summary>
    Exit = 4,
    /// <summary>From the monitor, the first frame: where the log ended when the client joined.</summary>
    Joined = 5,
    /// <summary>From the monitor: a report on what was asked of it, one line of JSON.</summary>
    Result = 6,
}
