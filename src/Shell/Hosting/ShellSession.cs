using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ContainerTools.Shell.Hosting;

/// <summary>One run of the shell: the engine, its set-up, and what the command line asks for.</summary>
internal sealed class ShellSession : IDisposable
{
    private readonly CommandLine _commandLine;
    private readonly ShellHost _host;
    private readonly Runspace _runspace;
    private readonly PipelineRunner _runner;

    public ShellSession(CommandLine commandLine)
    {
        _commandLine = commandLine;
        _host = new ShellHost(!commandLine.NonInteractive);
        InitialSessionState state = InitialSessionState.CreateDefault2();
        CmdletTable.AddTo(state);
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        // Scripts run on this thread: no hand-over, and a stack as large as the process has.
        _runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        Runspace.DefaultRunspace = _runspace;
        _runspace.Open();
        _runner = new PipelineRunner(_runspace);
        Console.CancelKeyPress += (_, e) =>
        {
            // Ctrl+C ends what runs, not the shell.
            if (_runner.Stop())
                e.Cancel = true;
        };
    }

    public void Dispose() => _runspace.Dispose();

    /// <summary>Does what the command line asks for and returns the exit code of the process.</summary>
    public int Run()
    {
        if (_commandLine.WorkingDirectory is { } directory)
        {
            Environment.CurrentDirectory = directory;
            _runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(Environment.CurrentDirectory));
        }
        if (!_commandLine.NoProfile)
            RunProfile();
        int exitCode = 0;
        if (_host.RequestedExitCode is null)
        {
            if (_commandLine.File is { } file)
                exitCode = RunFile(file);
            else if (_commandLine.Command is { } command)
                exitCode = RunCommand(command);
        }
        bool isPrompt = _commandLine is { File: null, Command: null } || _commandLine.NoExit;
        if (isPrompt && _host.RequestedExitCode is null)
        {
            if (_commandLine.NonInteractive && !Console.IsInputRedirected)
                return exitCode;
            new Prompt(_runner, _host).Run(showBanner: !_commandLine.NoLogo && !Console.IsInputRedirected);
            exitCode = 0;
        }
        return _host.RequestedExitCode ?? exitCode;
    }

    private int RunCommand(string text) => _runner.RunAndJudge(text) ? 0 : 1;

    private int RunFile(string file)
    {
        string path = Path.GetFullPath(file);
        if (!File.Exists(path))
        {
            Console.Error.WriteLine(
                $"The argument '{file}' is not recognized as the name of a script file. Check the spelling of the name, or if a path was " +
                "included, verify that the path is correct and try again.");
            Console.Error.WriteLine(CommandLine.Usage);
            return CommandLine.UsageExitCode;
        }
        Command command = new(path, isScript: false, useLocalScope: false);
        foreach (CommandParameter parameter in ScriptArguments.Parse(_commandLine.Arguments))
            command.Parameters.Add(parameter);
        // "exit" in a script that was called ends the script; in this one it ends the shell.
        EngineContext.LetScriptExit(_runspace);
        return _runner.Run(command) ? 0 : 1;
    }

    private void RunProfile()
    {
        string profile = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "powershell", "profile.ps1");
        if (File.Exists(profile))
            _runner.Run(new Command(profile, isScript: false, useLocalScope: false));
    }
}
