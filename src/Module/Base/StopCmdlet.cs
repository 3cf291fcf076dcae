using System.Management.Automation;
using ContainerTools.Module.Completion;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module;

/// <summary>A cmdlet that stops containers: the signal, the time, and many of them at once, because most of it is waiting.</summary>
public abstract class StopCmdlet : PassThruCmdlet
{
    /// <summary>How long to wait before SIGKILL: seconds, a TimeSpan, or text such as 1m30s.</summary>
    [Parameter]
    [Alias("Time", "t")]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <summary>The signal to send first, instead of the container's own stop signal.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string? Signal { get; set; }

    private protected override int Concurrency => 32;

    private protected ContainerStopOptions Options => new() { Signal = Signal, Timeout = Timeout };
}
