using ContainerTools.Runtime.Containers.Runs;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun start</c>.</summary>
internal static class StartCommand
{
    private const string Usage = "start ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        while (reader.Next(out _))
        {
            if (reader.Other(Usage)) return 0;
        }

        RunStart.Start(options.Store, reader.Single("the container's id"), options.Log.Warning);
        return 0;
    }
}
