using System.Buffers.Binary;
using System.Text.Json;
using ContainerTools.Runtime.Containers.Sessions;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>
/// Executes a command in a running container: spawns <c>ctrun session</c> (<see cref="ExecHost"/>), tells it what to execute, and waits
/// until the kernel has executed it or has refused.
/// </summary>
internal static class ExecOperation
{
    // Copies of the descriptors that the child gets lie above those that it gets them as.
    private const int FirstFreeDescriptor = 10;

    /// <summary>Executes it.</summary>
    public static async Task<IContainerSession> RunAsync(
        ContainerServices services, string container, ContainerExecOptions options, CancellationToken cancellationToken)
    {
        if (options.Command.Count == 0 || options.Command[0].Length == 0)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, "There is no command to execute.", container);
        }

        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        TransitionTable.Check(ContainerOperation.Exec, services.InspectStatus(id).State, record.Name);
        byte[] request = JsonSerializer.SerializeToUtf8Bytes(Process(record, options), OciJson.Default.OciProcess);
        return await StartAsync(services, record, options, request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The document of the process: the container's own, with what the options say otherwise.</summary>
    public static OciProcess Process(ContainerRecord record, ContainerExecOptions options)
    {
        ContainerConfiguration configuration = record.Configuration;
        ulong available = configuration.UserNamespace ? Capability.KernelMask() : Capability.AvailableMask();
        IReadOnlyList<string> capabilities = Capability.Resolve(
            configuration.AddedCapabilities, configuration.DroppedCapabilities, configuration.Privileged || options.Privileged, available);
        ContainerConfiguration own = configuration with
        {
            EntryPoint = [],
            Arguments = options.Command,
            Environment = ConfigurationMerge.Environment(configuration.Environment, options.Environment),
            User = options.User ?? configuration.User,
            WorkingDirectory = options.WorkingDirectory is { Length: > 0 } folder
                ? OptionCheck.AbsolutePath(folder, "working directory")
                : configuration.WorkingDirectory,
            // Left alone, a terminal would hang up as soon as nobody holds it.
            Terminal = options.Terminal && !options.Detach,
        };
        foreach (string word in options.Command) OptionCheck.NoNul(word, "command");
        return SpecBuilder.Process(own, capabilities);
    }

    private static async Task<IContainerSession> StartAsync(
        ContainerServices services, ContainerRecord record, ContainerExecOptions options, byte[] request, CancellationToken cancellationToken)
    {
        using SessionStreams streams = options.Terminal || options.Detach ? SessionStreams.None() : SessionStreams.Create(options.Interactive);
        (SafeFileHandle own, SafeFileHandle hosts) = Libc.CreateSocketPair();
        try
        {
            int hostId;
            using (hosts) hostId = Spawn(services.Paths.ContainerRun(record.Id), options, streams, hosts);
            streams.CloseCommandEnds();
            Task<int> exit = ExitAsync(hostId);
            Libc.SetNonBlocking(own);
            await SendAsync(own, request, cancellationToken).ConfigureAwait(false);
            (MonitorReport? report, SafeFileHandle? terminal) = await ReceiveAsync(own, cancellationToken).ConfigureAwait(false);
            if (report?.Status == "running") return new ExecSession(report.ProcessId, exit, own, streams, terminal);
            int code = await exit.WaitAsync(cancellationToken).ConfigureAwait(false);
            throw report is null
                ? new ContainerException(ErrorCode.LaunchFailed, $"ctrun ended with exit code {code} before it executed the command.", record.Name)
                : new ContainerException(report.Code ?? ErrorCode.LaunchFailed, report.Message ?? "The command could not be executed.", record.Name);
        }
        catch
        {
            // Its closing makes the host kill what it may have started.
            own.Dispose();
            throw;
        }
    }

    private static int Spawn(string runFolder, ContainerExecOptions options, SessionStreams streams, SafeFileHandle socket)
    {
        List<string> arguments = ["ctrun", "session"];
        if (options.Detach) arguments.Add("--detach");
        if (options.Privileged) arguments.Add("--unfiltered");
        arguments.Add(runFolder);
        using SafeFileHandle? input = Copy(streams.CommandInput);
        using SafeFileHandle? output = Copy(streams.CommandOutput);
        using SafeFileHandle? error = Copy(streams.CommandError);
        using SafeFileHandle socketCopy = Libc.Duplicate(socket, FirstFreeDescriptor);
        string ctrun = ProtectedExecutable.SpawnPath(EngineTools.Ctrun());
        return Libc.SpawnConnected(ctrun, arguments, [], input, output, error, socketCopy);
    }

    private static SafeFileHandle? Copy(SafeFileHandle? file) => file is null ? null : Libc.Duplicate(file, FirstFreeDescriptor);

    /// <summary>Waits for the host process, which ends as the command does, and reaps it.</summary>
    private static async Task<int> ExitAsync(int processId)
    {
        // A child that has not been reaped: the number is still its own.
        using SafeFileHandle process = Libc.OpenProcess(processId)
            ?? throw new ContainerException(ErrorCode.LaunchFailed, "The exit code is lost: somebody else reaps the children of this process.");
        await DescriptorWaiter.WaitReadableAsync(process, CancellationToken.None).ConfigureAwait(false);
        return Libc.WaitForExit(process).ExitCode;
    }

    private static async Task SendAsync(SafeFileHandle socket, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        byte[] header = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(header, request.Length);
        for (int sent = 0; sent < header.Length + request.Length;)
        {
            int count = Libc.Send(socket, header.AsSpan(Math.Min(sent, header.Length)), request.Span[Math.Max(0, sent - header.Length)..]);
            if (count >= 0) sent += count;
            else if (count == -Errno.EAGAIN) await DescriptorWaiter.WaitWritableAsync(socket, cancellationToken).ConfigureAwait(false);
            else return; // It has ended already; its report, or the lack of one, says why.
        }
    }

    private static async Task<(MonitorReport? Report, SafeFileHandle? Terminal)> ReceiveAsync(SafeFileHandle socket, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 * 1024];
        int length = 0;
        SafeFileHandle? terminal = null;
        while (true)
        {
            await DescriptorWaiter.WaitReadableAsync(socket, cancellationToken).ConfigureAwait(false);
            int count = Libc.ReceiveWithDescriptor(socket, buffer.AsSpan(length), ref terminal);
            if (count <= 0) return (null, terminal);
            length += count;
            int end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            if (end >= 0) return (JsonSerializer.Deserialize(buffer.AsSpan(0, end), RunJson.Default.MonitorReport), terminal);
            if (length == buffer.Length) return (null, terminal);
        }
    }
}
