using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace ContainerTools.Shell.Hosting;

/// <summary>Read a command, run it, again, until <c>exit</c> or the end of the input.</summary>
internal sealed class Prompt(PipelineRunner runner, ShellHost host)
{
    private readonly ILineSource _lines = Console.IsInputRedirected || Console.IsOutputRedirected
        ? new RedirectedLines()
        : new LineEditor();

    public void Run(bool showBanner)
    {
        if (showBanner)
            host.UI.WriteLine($"ContainerTools shell on PowerShell {ShellHost.EngineVersion}");
        while (host.RequestedExitCode is null)
        {
            string? command = ReadCommand();
            if (command is null)
                return;
            if (string.IsNullOrWhiteSpace(command))
                continue;
            runner.Run(new Command(command, isScript: true, useLocalScope: false), addToHistory: true);
        }
    }

    /// <summary>A whole command: as long as the parser finds it incomplete, more lines are asked for. An empty line ends it.</summary>
    private string? ReadCommand()
    {
        string? line = _lines.ReadLine(PromptText());
        if (line is null)
            return null;
        string command = line;
        while (IsIncomplete(command))
        {
            line = _lines.ReadLine(">> ");
            if (string.IsNullOrEmpty(line))
                break;
            command += "\n" + line;
        }
        return command;
    }

    private string PromptText()
    {
        var text = runner.Collect("prompt");
        return text.Count > 0 ? text[^1].ToString() : "PS> ";
    }

    private static bool IsIncomplete(string command)
    {
        Parser.ParseInput(command, out _, out ParseError[] errors);
        return errors.Any(e => e.IncompleteInput);
    }
}
