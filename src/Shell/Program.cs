using ContainerTools.Shell.Hosting;

CommandLine? commandLine = CommandLine.Parse(args, out string? problem);
if (commandLine is null)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(CommandLine.Usage);
    return CommandLine.UsageExitCode;
}
if (commandLine.ShowHelp)
{
    Console.WriteLine(CommandLine.Usage);
    return 0;
}
if (commandLine.ShowVersion)
{
    Console.WriteLine("PowerShell " + ShellHost.EngineVersion);
    return 0;
}
using ShellSession session = new(commandLine);
return session.Run();
