using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary>
/// <c>ctrun monitor [--attached] [--locked] &lt;run folder&gt;</c>: what the engine starts for every container. Descriptor 3 takes the report; with
/// <c>--attached</c> the next one is a client of the control socket, with <c>--locked</c> the next one holds the container's lock.
/// </summary>
internal static class MonitorCommand
{
    /// <summary>How it is called.</summary>
    public const string Usage = "ctrun monitor [--attached] [--locked] <run folder>";

    /// <summary>Runs it.</summary>
    /// <param name="arguments">The arguments after the verb.</param>
    /// <returns>The container's exit code; 125 where it could not be started.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        bool attached = false, locked = false;
        for (; arguments is ["--attached" or "--locked", ..]; arguments = arguments[1..])
        {
            attached |= arguments[0] == "--attached";
            locked |= arguments[0] == "--locked";
        }

        if (arguments is [{ Length: > 0 } runFolder] && runFolder[0] != '-')
        {
            ProtectedExecutable.Ensure();
            return Runtime.Monitoring.Monitor.Run(runFolder, attached, locked);
        }

        Output.WriteError($"usage: {Usage}");
        return 125;
    }
}
