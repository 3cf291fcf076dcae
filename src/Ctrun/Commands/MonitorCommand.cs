using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary>
/// <c>ctrun monitor [--attached] &lt;run folder&gt;</c>: what the engine starts for every container. Descriptor 3 takes the report; with
/// <c>--attached</c> descriptor 4 is a client of the control socket.
/// </summary>
internal static class MonitorCommand
{
    /// <summary>How it is called.</summary>
    public const string Usage = "ctrun monitor [--attached] <run folder>";

    /// <summary>Runs it.</summary>
    /// <param name="arguments">The arguments after the verb.</param>
    /// <returns>The container's exit code; 125 where it could not be started.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        bool attached = arguments is ["--attached", ..];
        if (attached) arguments = arguments[1..];
        if (arguments is [{ Length: > 0 } runFolder] && runFolder[0] != '-')
        {
            ProtectedExecutable.Ensure();
            return Runtime.Monitoring.Monitor.Run(runFolder, attached);
        }

        Output.WriteError($"usage: {Usage}");
        return 125;
    }
}
