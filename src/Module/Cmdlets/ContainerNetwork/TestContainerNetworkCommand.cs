using System.Management.Automation;
using System.Net.Sockets;
using System.Threading.Channels;
using ContainerTools.Module.Completion;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Test-ContainerNetwork: whether a container finds a name and reaches its ports, and how long it takes.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ContainerNetwork", DefaultParameterSetName = NameSet)]
[OutputType(typeof(NetworkTestResult), typeof(bool))]
public sealed class TestContainerNetworkCommand : ContainerTargetCmdlet
{
    // Who is not reached costs its whole time: the next ones are tested meanwhile.
    private const int MostAtOnce = 16;
    private const int MostWaiting = 1024;
    private const string Activity = "Test network";
    private readonly Queue<Test> _underWay = new();
    private int _round;

    /// <summary>Names as the containers know them, or addresses.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("ComputerName", "HostName")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    public string[] Target { get; set; } = [];

    /// <summary>The ports.</summary>
    [Parameter(Position = 2)]
    [Alias("TcpPort")]
    [ValidateRange(1, 65535)]
    public int[] Port { get; set; } = [];

    /// <summary>What is sent.</summary>
    [Parameter]
    public NetworkTestProtocol? Protocol { get; set; }

    /// <summary>The longest wait for an answer.</summary>
    [Parameter]
    [Alias("TimeoutSeconds")]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <summary>IPv4 addresses alone.</summary>
    [Parameter]
    public SwitchParameter IPv4 { get; set; }

    /// <summary>IPv6 addresses alone.</summary>
    [Parameter]
    public SwitchParameter IPv6 { get; set; }

    /// <summary>How often all is tested.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>The pause between two rounds.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Answer only whether each port was reached.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Protocol == NetworkTestProtocol.Icmp && Port.Length > 0) ThrowInvalidArgument("-Protocol Icmp sends an echo, which goes to no port; leave -Port out.", Protocol);
        if (Protocol is { } chosen and not NetworkTestProtocol.Icmp && Port.Length == 0) ThrowInvalidArgument($"-Protocol {chosen} needs a port; give it with -Port.", chosen);
    }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        foreach (string target in Target)
        {
            if (_underWay.Count >= MostAtOnce) EndFirst();
            _underWay.Enqueue(Begin(container, target));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (_underWay.Count > 0) EndFirst();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _underWay.Count > 0)
        {
            // The pipeline ends early (stopped, or an error made it): let nothing go on behind the user's back.
            StopProcessing();
            Task.WhenAll(_underWay.Select(static test => test.Task)).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private Test Begin(Container container, string target)
    {
        NetworkTestOptions options = new()
        {
            Target = target,
            Ports = Port,
            Protocol = Protocol,
            Timeout = Timeout,
            // Both switches: both kinds, as without.
            Family = IPv4 == IPv6 ? AddressFamily.Unspecified : IPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6,
            Count = Count,
            Delay = Delay,
        };
        // Whose turn has not come waits: an endless test must not fill the memory.
        Channel<NetworkTestResult> results = Channel.CreateBounded<NetworkTestResult>(MostWaiting);
        return new Test(container, results.Reader, RunAsync(container.Id, options, results.Writer, Cancellation));
    }

    private static async Task RunAsync(string container, NetworkTestOptions options, ChannelWriter<NetworkTestResult> results, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (NetworkTestResult result in Engine.Networks.TestAsync(container, options, cancellationToken).ConfigureAwait(false))
            {
                await results.WriteAsync(result, cancellationToken).ConfigureAwait(false);
            }

            results.Complete();
        }
        catch (Exception error)
        {
            // To be thrown where the results are read.
            results.Complete(error);
        }
    }

    // Its results are written as they come, and those of the others in their turn.
    private void EndFirst()
    {
        Test test = _underWay.Peek();
        HashSet<int> reached = [];
        bool isDone = Attempt(test.Container, () =>
        {
            foreach (NetworkTestResult result in Enumerate(test.Results.ReadAllAsync(Cancellation)))
            {
                ShowRound(result);
                if (result.Reached) reached.Add(result.Port ?? 0);
                if (!Quiet) WriteObject(result);
            }
        });
        if (_round > 0) WriteProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        _round = 0;
        // Only now: until then Dispose waits for it.
        _underWay.Dequeue();
        // By one of its addresses, in one of the rounds: what a program that tries them all would get.
        if (Quiet) WriteObject(isDone && reached.Count == Math.Max(1, Port.Distinct().Count()));
    }

    // A table is shown when its widths are known, at the end.
    private void ShowRound(NetworkTestResult result)
    {
        if (Count == 1 || result.Round == _round) return;
        _round = result.Round;
        WriteProgress(new ProgressRecord(0, Activity, $"{result.Container} to {result.Target}: round {_round} of {Count}") { PercentComplete = (int)(100L * _round / Count) });
    }

    private sealed record Test(Container Container, ChannelReader<NetworkTestResult> Results, Task Task);
}
