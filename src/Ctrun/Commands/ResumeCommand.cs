using ContainerTools.Runtime.Containers.Runs;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun resume</c>.</summary>
internal static class ResumeCommand
{
    private const string Usage = "resume ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        while (reader.Next(out _))
        {
            if (reader.Other(Usage)) return 0;
        }

        RunFreezing.Resume(options.Store, reader.Single("the container's id"));
        return 0;
    }
}
