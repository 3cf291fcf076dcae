namespace ContainerTools.Ctrun;

/// <summary>Exit codes, as runc and shells have them.</summary>
internal static class ExitCode
{
    /// <summary>Anything that went wrong in ctrun itself.</summary>
    public const int Failure = 1;

    /// <summary>The exit code for an error: 127 for a command that does not exist, 126 for one that cannot be executed.</summary>
    public static int Of(ContainerException error) => error.Code switch
    {
        ErrorCode.CommandNotFound => 127,
        ErrorCode.CommandNotExecutable => 126,
        _ => Failure,
    };
}
