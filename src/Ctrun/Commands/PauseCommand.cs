using ContainerTools.Runtime.Containers.Runs;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun pause</c>.</summary>
internal static class PauseCommand
{
    private const string Usage = "pause ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        while (reader.Next(out _))
        {
            if (reader.Other(Usage)) return 0;
        }

        RunFreezing.Pause(options.Store, reader.Single("the container's id"));
        return 0;
    }
}
