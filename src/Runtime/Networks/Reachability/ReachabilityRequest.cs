using System.Globalization;
using System.Net.Sockets;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>What <c>ctrun network-probe</c> is asked for: the same on both sides of its command line.</summary>
internal sealed record ReachabilityRequest
{
    /// <summary>The longest wait for an answer where nothing is said.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A process in the container.</summary>
    public required int ProcessId { get; init; }
    /// <summary>When it started, in the kernel's ticks: its number may be another's by now.</summary>
    public required ulong StartTime { get; init; }
    /// <summary>A name or an address.</summary>
    public required string Target { get; init; }
    /// <summary>The ports; empty for an echo.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];
    /// <summary>What is sent.</summary>
    public NetworkTestProtocol Protocol { get; init; }
    /// <summary>The longest wait, also for the name; null for the defaults.</summary>
    public TimeSpan? Timeout { get; init; }
    /// <summary>The addresses that are wanted; Unspecified for all.</summary>
    public AddressFamily Family { get; init; }
    /// <summary>How often.</summary>
    public int Count { get; init; } = 1;
    /// <summary>The pause between two rounds.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The words of the command line.</summary>
    public IReadOnlyList<string> ToArguments()
    {
        List<string> words = ["--start-time", StartTime.ToString(CultureInfo.InvariantCulture), "--target", Target, "--protocol", Protocol.ToString(), "--count", Number(Count), "--delay", Milliseconds(Delay)];
        if (Ports.Count > 0) words.AddRange(["--port", WritePorts(Ports)]);
        if (Timeout is { } timeout) words.AddRange(["--timeout", Milliseconds(timeout)]);
        if (Family != AddressFamily.Unspecified) words.AddRange(["--family", Family == AddressFamily.InterNetwork ? "4" : "6"]);
        words.Add(Number(ProcessId));
        return words;

        static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
        static string Milliseconds(TimeSpan value) => Number((int)Math.Ceiling(value.TotalMilliseconds));
    }

    /// <summary>Ports as one word, whatever their number: <c>80,443,8000-8100</c>.</summary>
    public static string WritePorts(IReadOnlyList<int> ports)
    {
        List<string> parts = [];
        for (int i = 0; i < ports.Count;)
        {
            int first = i++;
            while (i < ports.Count && ports[i] == ports[i - 1] + 1) i++;
            string part = ports[first].ToString(CultureInfo.InvariantCulture);
            parts.Add(i - first == 1 ? part : string.Create(CultureInfo.InvariantCulture, $"{part}-{ports[i - 1]}"));
        }

        return string.Join(',', parts);
    }

    /// <summary>Reads what <see cref="WritePorts"/> has written; null for anything else.</summary>
    public static IReadOnlyList<int>? ReadPorts(string text)
    {
        List<int> ports = [];
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || Port(ends[0]) is not { } first || Port(ends[^1]) is not { } last || last < first) return null;
            for (int port = first; port <= last; port++) ports.Add(port);
        }

        return ports;

        static int? Port(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536 ? port : null;
    }
}
