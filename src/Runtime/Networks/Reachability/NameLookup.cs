using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ContainerTools.Runtime.Monitoring;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>
/// Finds the addresses of a name as the C library of a program in the container would: an address is one already, then /etc/hosts, then the servers of /etc/resolv.conf, with
/// its search domains and options.
/// </summary>
/// <param name="hosts">The container's /etc/hosts.</param>
/// <param name="configuration">The container's /etc/resolv.conf.</param>
/// <param name="family">The addresses that are wanted; Unspecified for all.</param>
/// <param name="limit">The longest that a look-up may take in all; null for what the configuration allows.</param>
internal sealed class NameLookup(byte[] hosts, ResolverConfiguration configuration, AddressFamily family, TimeSpan? limit)
{
    private readonly List<string> _failures = [];

    /// <summary>Looks a name up.</summary>
    public ResolvedTarget Find(string name)
    {
        if (AddressText.TryParse(name, out IPAddress? address))
        {
            return Wanted([address]) is { Count: > 0 } one
                ? new ResolvedTarget { Source = NameSource.Address, Addresses = one }
                : new ResolvedTarget { Failure = NetworkTestStatus.NameNotFound, Error = $"{name} is no IPv{(family == AddressFamily.InterNetwork ? 4 : 6)} address." };
        }

        long start = Stopwatch.GetTimestamp();
        ResolvedTarget found = Wanted(HostsFile.Find(hosts, name)) is { Count: > 0 } known
            ? new ResolvedTarget { Source = NameSource.HostsFile, Addresses = known }
            : Ask(name);
        return found with { Elapsed = Stopwatch.GetElapsedTime(start) };
    }

    private ResolvedTarget Ask(string name)
    {
        Deadline deadline = limit is { } time ? Deadline.After(time) : Deadline.Never;
        _failures.Clear();
        bool isAnswered = false;
        foreach (string candidate in configuration.Candidates(name))
        {
            ResolvedTarget? found = AskServers(candidate, deadline, out bool anybody);
            if (found is not null) return found;
            isAnswered |= anybody;
        }

        // As the C library's "temporary failure": whoever did not answer may have known it.
        return _failures.Count > 0 || !isAnswered
            ? new ResolvedTarget { Failure = NetworkTestStatus.LookupFailed, Error = $"The name '{name}' could not be looked up: {string.Join("; ", _failures.Distinct())}." }
            : new ResolvedTarget { Failure = NetworkTestStatus.NameNotFound, Error = $"The container finds no {Kind}address for the name '{name}'." };
    }

    private string Kind => family switch { AddressFamily.InterNetwork => "IPv4 ", AddressFamily.InterNetworkV6 => "IPv6 ", _ => "" };

    // Null where there is no such name, or nobody answers; then the next candidate may still be one.
    private ResolvedTarget? AskServers(string name, Deadline deadline, out bool isAnswered)
    {
        isAnswered = false;
        ushort number = (ushort)Random.Shared.Next();
        List<DnsQuestion> missing = [];
        // The two must differ, for the answers' sake.
        if (family != AddressFamily.InterNetworkV6) Add(DnsMessage.A, number);
        if (family != AddressFamily.InterNetwork) Add(DnsMessage.AAAA, (ushort)~number);
        // What no message can hold no server has.
        if (missing.Count == 0) return Nothing(out isAnswered);
        List<IPAddress> addresses = [];
        IPAddress? from = null;
        List<string> failures = [];
        for (int attempt = 0; attempt < configuration.Attempts && missing.Count > 0 && !deadline.IsOver; attempt++)
        {
            foreach (IPAddress server in configuration.Servers)
            {
                if (missing.Count == 0 || deadline.IsOver) break;
                NameServerExchange exchange = new(server, Deadline.First(deadline, Deadline.After(configuration.Timeout)));
                byte[]?[] answers = exchange.Ask(missing, configuration.OverStream);
                string? failure = exchange.Failure;
                for (int i = missing.Count - 1; i >= 0; i--)
                {
                    if (answers[i] is not { } answer) continue;
                    if (!missing[i].TryReadAddresses(answer, out IReadOnlyList<IPAddress> found))
                    {
                        failure = "gives an answer that cannot be read";
                        continue;
                    }

                    if (found.Count > 0) from ??= server;
                    addresses.AddRange(found.Where(address => !addresses.Contains(address)));
                    missing.RemoveAt(i);
                }

                if (failure is not null) failures.Add($"the name server {server} {failure}");
            }
        }

        isAnswered = missing.Count == 0;
        if (addresses.Count > 0) return new ResolvedTarget { Source = NameSource.NameServer, Addresses = Wanted(addresses), Server = from, FullName = name };
        if (!isAnswered) _failures.AddRange(failures.Count > 0 ? failures : ["no time was left to ask a name server"]);
        return null;

        void Add(ushort type, ushort id)
        {
            if (DnsQuestion.Of(name, type, id) is { } question) missing.Add(question);
        }
    }

    private static ResolvedTarget? Nothing(out bool isAnswered)
    {
        isAnswered = true;
        return null;
    }

    // IPv4 first, each family in the order in which it came: a server's round robin is to be seen.
    private List<IPAddress> Wanted(IEnumerable<IPAddress> addresses)
        => [.. addresses.Where(address => family == AddressFamily.Unspecified || address.AddressFamily == family).OrderBy(static address => address.AddressFamily == AddressFamily.InterNetworkV6)];
}
