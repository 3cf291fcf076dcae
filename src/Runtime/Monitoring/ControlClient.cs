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
        // The monitor closes the connection by ending: by then all is tidied up.
        return RecordIn(await ReadToEndAsync(socket, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<byte[]> ReadToEndAsync(SafeFileHandle socket, CancellationToken cancellationToken)
    {
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

            if (count <= 0) return buffer[..length];
            length += count;
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    /// <summary>Has the monitor make the networks as the plan in <see cref="Networks.NetworkPlan.NextFileName"/> says.</summary>
    /// <param name="runFolder">The run folder.</param>
    /// <returns>Null where the container has ended, and its monitor is done with networks.</returns>
    /// <exception cref="ContainerException">What the monitor reports: everything is as it was.</exception>
    /// <remarks>Cannot be cancelled: the monitor would go on, and nobody would know how it has ended.</remarks>
    public static async Task<MonitorReport?> ChangeNetworkAsync(string runFolder)
    {
        using SafeFileHandle? socket = Connect(runFolder);
        if (socket is null) return null;
        Send(socket, new ControlRequest { Verb = ControlVerb.Network });
        byte[] frame = await ReadToEndAsync(socket, CancellationToken.None).ConfigureAwait(false);
        if (frame.Length < ControlFrame.HeaderSize) return null;
        (ControlFrameKind kind, int length) = ControlFrame.ReadHeader(frame);
        if (kind != ControlFrameKind.Result || frame.Length != ControlFrame.HeaderSize + length) return null;
        MonitorReport report = JsonSerializer.Deserialize(frame.AsSpan(ControlFrame.HeaderSize), RunJson.Default.MonitorReport)!;
        return report.Status != "failed" ? report
            : throw new ContainerException(report.Code ?? ErrorCode.KernelError, report.Message ?? "The monitor could not change the container's networks.", runFolder);
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
