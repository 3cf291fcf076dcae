using ContainerTools.Runtime.Containers;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>A failure as the monitor's client hears of it.</summary>
internal static class MonitorFailure
{
    /// <summary>Docker's exit code for a container that could not be started, where neither 126 nor 127 fits.</summary>
    public const int LaunchFailedExitCode = 125;

    /// <summary>The report of a failure.</summary>
    public static MonitorReport Report(Exception error)
    {
        ErrorCode code = error is ContainerException known ? known.Code : ErrorCode.LaunchFailed;
        return new MonitorReport
        {
            Status = "failed",
            Code = code,
            Message = error is ContainerException ? error.Message : $"{error.GetType().Name}: {error.Message}",
            ExitCode = code switch
            {
                ErrorCode.CommandNotFound => 127,
                ErrorCode.CommandNotExecutable => 126,
                _ => LaunchFailedExitCode,
            },
        };
    }
}
