namespace ContainerTools.Shell.Hosting;

/// <summary>What the command line asks for: the part of pwsh's own parameters that scripts and people use.</summary>
internal sealed class CommandLine
{
    /// <summary>The exit code for a command line that cannot be understood, as pwsh has it (sysexits.h EX_USAGE).</summary>
    public const int UsageExitCode = 64;

    public const string Usage = """
        usage: ctpwsh [-NoProfile] [-NonInteractive] [-NoLogo] [-NoExit] [-WorkingDirectory <path>]
                      [-File <path> [arguments] | -Command <text> | -EncodedCommand <base64>]
               ctpwsh -Version | -Help
        """;

    /// <summary>The parameters, each with the shortest prefix that means it.</summary>
    private static readonly (string Name, int Shortest)[] Parameters =
    [
        ("command", 1), ("file", 1), ("encodedcommand", 1), ("noprofile", 3), ("noninteractive", 4), ("nologo", 3), ("noexit", 3),
        ("workingdirectory", 1), ("executionpolicy", 2), ("outputformat", 1), ("inputformat", 2), ("login", 1), ("version", 1), ("help", 1),
    ];

    public string? Command { get; private set; }
    public string? File { get; private set; }
    public List<string> Arguments { get; } = [];
    public bool NoProfile { get; private set; }
    public bool NonInteractive { get; private set; }
    public bool NoLogo { get; private set; }
    public bool NoExit { get; private set; }
    public bool ShowVersion { get; private set; }
    public bool ShowHelp { get; private set; }
    public string? WorkingDirectory { get; private set; }

    public static CommandLine? Parse(string[] args, out string? problem)
    {
        CommandLine line = new();
        problem = null;
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            string? name = arg is ['-', not '-', ..] or ['-', '-', _, ..] ? Resolve(arg.TrimStart('-')) : "file";
            bool isPositional = name == "file" && arg is not ['-', _, ..];
            if (name is null)
            {
                problem = $"The argument '{arg}' is not recognized.";
                return null;
            }
            string? value = null;
            if (isPositional)
            {
                value = arg;
            }
            else if (name is "command" or "file" or "encodedcommand" or "workingdirectory" or "executionpolicy" or "outputformat" or "inputformat")
            {
                if (++i >= args.Length)
                {
                    problem = $"The parameter -{name} needs a value.";
                    return null;
                }
                value = args[i];
            }
            switch (name)
            {
                case "noprofile": line.NoProfile = true; break;
                case "noninteractive": line.NonInteractive = true; break;
                case "nologo": line.NoLogo = true; break;
                case "noexit": line.NoExit = true; break;
                case "version": line.ShowVersion = true; break;
                case "help": line.ShowHelp = true; break;
                case "workingdirectory": line.WorkingDirectory = value; break;
                case "encodedcommand":
                    line.Command = System.Text.Encoding.Unicode.GetString(Convert.FromBase64String(value!));
                    return line;
                case "command":
                    // Everything that follows is the command, words joined by blanks. A lone dash is standard input.
                    line.Command = value == "-" && i == args.Length - 1 ? Console.In.ReadToEnd() : string.Join(' ', args[i..]);
                    return line;
                case "file":
                    line.File = value;
                    line.Arguments.AddRange(args[(i + 1)..]);
                    return line;
            }
        }
        return line;
    }

    private static string? Resolve(string given)
    {
        if (given is "nop" or "noni" or "nol" or "noe" or "ep" or "wd" or "ec" or "h" or "?")
            return given switch
            {
                "nop" => "noprofile",
                "noni" => "noninteractive",
                "nol" => "nologo",
                "noe" => "noexit",
                "ep" => "executionpolicy",
                "wd" => "workingdirectory",
                "ec" => "encodedcommand",
                _ => "help",
            };
        foreach ((string name, int shortest) in Parameters)
        {
            if (given.Length >= shortest && name.StartsWith(given, StringComparison.OrdinalIgnoreCase))
                return name;
        }
        return null;
    }
}
