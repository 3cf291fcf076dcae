using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun create</c>.</summary>
internal static class CreateCommand
{
    private const string Usage = "create [--bundle|-b FOLDER] [--console-socket PATH] [--pid-file FILE] [--pidfd-socket PATH] [--preserve-fds N] [--no-pivot] [--no-new-keyring] ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        StartOptions start = new();
        while (reader.Next(out string option))
        {
            if (!start.Take(option, reader) && reader.Other(Usage)) return 0;
        }

        start.CheckDescriptors();
        ProtectedExecutable.Ensure();
        using StartedRun run = RunCreation.Create(options.Store, start.Request(options, reader.Single("the container's id"), gate: true, detached: true));
        return 0;
    }
}
