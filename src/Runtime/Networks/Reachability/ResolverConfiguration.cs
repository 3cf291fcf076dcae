using System.Globalization;
using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>A container's resolv.conf(5), read as the C library reads it.</summary>
internal sealed record ResolverConfiguration
{
    // MAXNS, RES_MAXNDOTS, RES_MAXRETRANS and RES_MAXRETRY of the C library (resolv.h).
    private const int MostServers = 3;
    private const int MostDots = 15;
    private const int LongestTimeout = 30;
    private const int MostAttempts = 5;

    /// <summary>The servers, in the order in which they are asked.</summary>
    public IReadOnlyList<IPAddress> Servers { get; init; } = [];
    /// <summary>The domains that a short name is looked up in.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];
    /// <summary>A name with as many dots is looked up as it is first.</summary>
    public int Dots { get; init; } = 1;
    /// <summary>How long a server is waited for.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>How often all servers are asked.</summary>
    public int Attempts { get; init; } = 2;
    /// <summary>Servers are asked over TCP from the start.</summary>
    public bool OverStream { get; init; }

    /// <summary>Reads the file; what is not understood is passed over. Without a server it is the one of the container's own loopback.</summary>
    public static ResolverConfiguration Parse(ReadOnlySpan<byte> file)
    {
        ResolverConfiguration read = new();
        List<IPAddress> servers = [];
        foreach (string line in Encoding.UTF8.GetString(file).Split('\n'))
        {
            string[] words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2) continue;
            if (words[0] == "nameserver" && servers.Count < MostServers && IPAddress.TryParse(words[1], out IPAddress? server)) servers.Add(server);
            else if (words[0] == "domain") read = read with { Search = [Trim(words[1])] };
            else if (words[0] == "search") read = read with { Search = [.. words[1..].Select(Trim)] };
            else if (words[0] == "options") foreach (string option in words[1..]) read = read.With(option);
        }

        // "." is no domain: a name is looked up there as it is, which happens anyway.
        return read with { Servers = servers.Count > 0 ? servers : [IPAddress.Loopback], Search = [.. read.Search.Where(static domain => domain.Length > 0)] };
    }

    /// <summary>The full names that a name may stand for, in the order in which they are tried.</summary>
    public IEnumerable<string> Candidates(string name)
    {
        if (name.EndsWith('.')) return [name[..^1]];
        IEnumerable<string> searched = Search.Select(domain => $"{name}.{domain}");
        return name.Count(static letter => letter == '.') >= Dots ? [name, .. searched] : [.. searched, name];
    }

    private static string Trim(string domain) => domain.Trim('.');

    private ResolverConfiguration With(string option)
    {
        if (option is "use-vc" or "usevc") return this with { OverStream = true };
        string[] parts = option.Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return this;
        return parts[0] switch
        {
            "ndots" => this with { Dots = Math.Min(number, MostDots) },
            "timeout" => this with { Timeout = TimeSpan.FromSeconds(Math.Clamp(number, 1, LongestTimeout)) },
            "attempts" => this with { Attempts = Math.Clamp(number, 1, MostAttempts) },
            _ => this,
        };
    }
}
