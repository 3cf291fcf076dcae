using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Hosts.Trials;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun probe</c>: for the engine, which must not try these things in a process with threads. A line for each trial: name and errno.</summary>
internal static class ProbeCommand
{
    private const string Usage = "probe FOLDER";

    public static int Run(ArgumentReader reader)
    {
        while (reader.Next(out _))
        {
            if (reader.Other(Usage)) return 0;
        }

        StringBuilder lines = new();
        foreach (TrialResult result in KernelTrials.Run(reader.Single("a folder to try mounts in")))
        {
            lines.Append(CultureInfo.InvariantCulture, $"{result.Name} {result.Errno}\n");
        }

        Output.Write(lines.ToString());
        return 0;
    }
}
