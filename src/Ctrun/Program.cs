using ContainerTools.Ctrun.Commands;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun;

/// <summary>
/// ctrun: an OCI runtime with runc's command line. There is no Console in here, no thread pool and no async: a start costs
/// what is needed and no more.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        GlobalOptions options = new();
        try
        {
            ArgumentReader reader = new("", arguments, 0);
            if (options.Read(reader)) return 0;
            string[] rest = reader.Rest();
            if (rest.Length == 0)
            {
                Output.Write(Help.Text);
                return 0;
            }

            // Without anything that only the other commands need: it stays as long as its container does.
            if (rest[0] == "monitor") return MonitorCommand.Run(rest.AsSpan(1));
            if (rest[0] == "session") return SessionCommand.Run(rest.AsSpan(1));
            return Run(rest[0], options, new ArgumentReader(rest[0], rest, 1));
        }
        catch (ContainerException error)
        {
            options.Log.Error(error.Message);
            return ExitCode.Of(error);
        }
        catch (IOException error)
        {
            // What the framework's own file functions throw: it has the errno.
            options.Log.Error($"{Subject(error)}: {Errno.Name(error.HResult)} ({Errno.Meaning(error.HResult)})");
            return ExitCode.Failure;
        }
        catch (UnauthorizedAccessException error)
        {
            options.Log.Error($"{Subject(error)}: EACCES ({Errno.Meaning(Errno.EACCES)})");
            return ExitCode.Failure;
        }
    }

    /// <summary>What a message of the framework is about. In a small build it is the name of a text and, after a comma, a path.</summary>
    private static string Subject(Exception error)
    {
        int comma = error.Message.IndexOf(", ", StringComparison.Ordinal);
        return comma > 0 && !error.Message.AsSpan(0, comma).Contains(' ') ? "cannot use " + error.Message[(comma + 2)..] : error.Message;
    }

    private static int Run(string verb, GlobalOptions options, ArgumentReader reader) => verb switch
    {
        "create" => CreateCommand.Run(options, reader),
        "delete" => DeleteCommand.Run(options, reader),
        "events" => EventsCommand.Run(options, reader),
        "exec" => ExecCommand.Run(options, reader),
        "features" => FeaturesCommand.Run(reader),
        "kill" => KillCommand.Run(options, reader),
        "list" => ListCommand.Run(options, reader),
        "network-probe" => NetworkProbeCommand.Run(reader),
        "pause" => PauseCommand.Run(options, reader),
        "plan" => PlanCommand.Run(reader),
        "probe" => ProbeCommand.Run(reader),
        "ps" => PsCommand.Run(options, reader),
        "resume" => ResumeCommand.Run(options, reader),
        "run" => RunCommand.Run(options, reader),
        "spec" => SpecCommand.Run(reader),
        "start" => StartCommand.Run(options, reader),
        "state" => StateCommand.Run(options, reader),
        "update" => UpdateCommand.Run(options, reader),
        "help" => ShowHelp(),
        "checkpoint" or "restore" => throw new ContainerException(ErrorCode.NotSupported, $"'{verb}' is not supported: it needs CRIU, which this version does not drive.", verb),
        _ => throw new ContainerException(ErrorCode.InvalidArgument, $"there is no command '{verb}'; 'ctrun help' lists them", verb),
    };

    private static int ShowHelp()
    {
        Output.Write(Help.Text);
        return 0;
    }
}
