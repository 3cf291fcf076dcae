using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun kill</c>.</summary>
internal static class KillCommand
{
    private const string Usage = "kill [--all|-a] ID [SIGNAL]";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        bool all = false;
        while (reader.Next(out string option))
        {
            if (option is "all" or "a") all = reader.Flag();
            else if (reader.Other(Usage)) return 0;
        }

        string[] words = reader.Rest();
        if (words.Length == 0) throw reader.Error("the container's id is missing");
        if (words.Length > 2) throw reader.Error($"'{words[2]}' is one word too many");
        int signal = words.Length == 2 ? Signal.Parse(words[1], allowZero: true) : Signal.SIGTERM;
        RunKill.Kill(options.Store, words[0], signal, all);
        return 0;
    }
}
