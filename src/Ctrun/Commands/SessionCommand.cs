using ContainerTools.Runtime.Containers.Sessions;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary>
/// <c>ctrun session [--detach] [--unfiltered] &lt;run folder&gt;</c>: what the engine starts for every command that is executed in one of its
/// containers. Descriptor 3 is a socket that brings the process document and takes the report.
/// </summary>
internal static class SessionCommand
{
    /// <summary>Runs it.</summary>
    /// <param name="arguments">The arguments after the verb.</param>
    /// <returns>The command's exit code.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        bool detach = false, unfiltered = false;
        for (; arguments is ["--detach" or "--unfiltered", ..]; arguments = arguments[1..])
        {
            detach |= arguments[0] == "--detach";
            unfiltered |= arguments[0] == "--unfiltered";
        }

        if (arguments is [{ Length: > 0 } runFolder] && runFolder[0] != '-' && Libc.IsOpen(ExecHost.SocketDescriptor))
        {
            ProtectedExecutable.Ensure();
            return ExecHost.Run(runFolder, detach, unfiltered);
        }

        Output.WriteError("usage: ctrun session [--detach] [--unfiltered] <run folder>, with a socket as descriptor 3");
        return 125;
    }
}
