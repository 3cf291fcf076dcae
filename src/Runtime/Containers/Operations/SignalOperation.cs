using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Sends a signal to a container's first process.</summary>
internal static class SignalOperation
{
    /// <summary>
    /// Sends it. SIGKILL and the container's own stop signal mean that the user wants it to end: the restart policy then lets it rest, and
    /// a frozen container is let go on to take it (as Docker does).
    /// </summary>
    public static async Task RunAsync(ContainerServices services, string container, string signal, CancellationToken cancellationToken)
    {
        int number = Signal.Parse(signal);
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        TransitionTable.Check(ContainerOperation.Signal, locked.Status.State, locked.Record.Name);
        using SafeFileHandle? process = RunControl.OpenFirstProcess(locked.Status.Run!);
        if (number == Signal.SIGKILL || number == Signal.Parse(locked.Record.Configuration.StopSignal))
        {
            using SafeFileHandle? reached = StopOperation.Send(services, locked, process, number);
        }
        else if (process is null || !Libc.SendSignal(process, number))
        {
            throw new ContainerException(ErrorCode.ContainerNotRunning, $"The container '{locked.Record.Name}' has just ended.", locked.Record.Name);
        }
    }
}
