namespace ContainerTools;

/// <summary>One of a process's output streams.</summary>
public enum OutputStream
{
    /// <summary>Standard output (and the terminal).</summary>
    StandardOutput = 1,
    /// <summary>Standard error.</summary>
    StandardError = 2,
}

/// <summary>One line that a container wrote.</summary>
/// <param name="Container">The container's name.</param>
/// <param name="Timestamp">When the monitor read it.</param>
/// <param name="Stream">Which stream it came from.</param>
/// <param name="Message">The line, without its line end.</param>
public sealed record ContainerLogEntry(string Container, DateTimeOffset Timestamp, OutputStream Stream, string Message)
{
    /// <summary>The line itself.</summary>
    public override string ToString() => Message;
}
