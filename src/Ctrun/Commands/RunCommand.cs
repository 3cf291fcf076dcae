using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun run</c>.</summary>
internal static class RunCommand
{
    private const string Usage = "run [--bundle|-b FOLDER] [--detach|-d] [--keep] [--console-socket PATH] [--pid-file FILE] [--pidfd-socket PATH] [--preserve-fds N] [--no-pivot] [--no-new-keyring] ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        StartOptions start = new();
        bool detach = false, keep = false;
        while (reader.Next(out string option))
        {
            switch (option)
            {
                case "detach" or "d":
                    detach = reader.Flag();
                    break;
                case "keep":
                    keep = reader.Flag();
                    break;
                default:
                    if (!start.Take(option, reader) && reader.Other(Usage)) return 0;
                    break;
            }
        }

        start.CheckDescriptors();
        ProtectedExecutable.Ensure();
        string id = reader.Single("the container's id");
        using Foreground? foreground = detach ? null : new Foreground();
        using StartedRun run = RunCreation.Create(options.Store, start.Request(options, id, gate: false, detach));
        if (foreground is null) return 0;
        int code = foreground.Wait(run.Process).ExitCode;
        if (!keep) RunDeletion.DeleteEnded(options.Store, run, options.Log.Warning);
        return code;
    }
}
