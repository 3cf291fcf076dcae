using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Logs;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Talks to the monitor of a running container over its control socket.</summary>
internal static class ControlClient
{
    /// <summary>Connects to the streams of the first process.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="logPath">The log, for a replay; null for none.</param>
    /// <param name="options">What to connect.</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotRunning"/> where there is no monitor.</exception>
    public static async Task<AttachedSession> AttachAsync(
        string runFolder, string? logPath, ContainerAttachOptions options, CancellationToken cancellationToken)
    {
        SafeFileHandle socket = Connect(runFolder)
            ?? throw new ContainerException(ErrorCode.ContainerNotRunning, "The container does not run; start it to attach to it.", runFolder);
        AttachedSession session = new(socket, null);
        try
        {
            Send(socket, new ControlRequest { Verb = ControlVerb.Attach, StandardInput = options.StandardInput, Hold = options.HoldOutput });
            LogPosition position = await session.JoinAsync(cancellationToken).ConfigureAwait(false);
            if (options.Replay && logPath is not null) session.Replay(logPath, position);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Waits until the container has ended for good and its monitor is gone. For a container that removes itself, and its exit.json with
    /// it, this is the only way to learn how it ended.
    /// </summary>
    /// <param name="runFolder">The run folder.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>Null where there is no monitor, or it was killed: then the container's files say more.</returns>
    public static async Task<ExitRecord?> WaitForEndAsync(string runFolder, CancellationToken cancellationToken)
    {
        using SafeFileHandle? socket = Connect(runFolder);
        if (socket is null) return null;
        Send(socket, new ControlRequest { Verb = ControlVerb.Wait });
        byte[] buffer = new byte[4096];
        int length = 0;
        while (true)
        {
            int count = Libc.Read(socket, buffer.AsSpan(length));
            if (count == -Errno.EAGAIN)
            {
                await DescriptorWaiter.WaitReadableAsync(socket, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // The monitor closes the connection by ending: by then all is tidied up.
            if (count <= 0) return RecordIn(buffer.AsSpan(0, length));
            length += count;
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private static ExitRecord? RecordIn(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < ControlFrame.HeaderSize) return null;
        (ControlFrameKind kind, int length) = ControlFrame.ReadHeader(frame);
        ReadOnlySpan<byte> payload = frame[ControlFrame.HeaderSize..];
        return kind == ControlFrameKind.Exit && payload.Length == length && length > ControlFrame.ExitCodeSize
            ? JsonSerializer.Deserialize(payload[ControlFrame.ExitCodeSize..], RunJson.Default.ExitRecord)
            : null;
    }

    private static SafeFileHandle? Connect(string runFolder)
    {
        try
        {
            return Libc.ConnectLocal(Path.Combine(runFolder, "monitor.sock"));
        }
        catch (KernelException error) when (error.Errno == Errno.ENOENT || error.Errno == Errno.ENOTDIR || error.Errno == Errno.ECONNREFUSED)
        {
            return null;
        }
    }

    private static void Send(SafeFileHandle socket, ControlRequest request)
    {
        // A new connection takes this much without waiting. Where the monitor has just ended, the reading side hears of it.
        Libc.Send(socket, request.ToLine(), default);
    }
}
