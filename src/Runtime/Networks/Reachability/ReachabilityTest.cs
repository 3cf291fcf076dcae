using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>
/// What <c>ctrun network-probe</c> does: joins a container's network, finds the addresses of a name as the container would, and tries to reach each of them. For a process of
/// its own, which stays in that network.
/// </summary>
internal sealed class ReachabilityTest : IDisposable
{
    // A range of ports is tried in parts, so that neither descriptors nor the other end's patience run out.
    private const int MostAtOnce = 64;
    private readonly ReachabilityRequest _request;
    private readonly RouteNetlink _routes = new();
    private readonly NameLookup _names;
    private readonly TimeSpan _timeout;

    private ReachabilityTest(ReachabilityRequest request, ContainerView container)
    {
        _request = request;
        _timeout = request.Timeout ?? ReachabilityRequest.DefaultTimeout;
        _names = new NameLookup(container.Read("/etc/hosts"), ResolverConfiguration.Parse(container.Read("/etc/resolv.conf")), request.Family, request.Timeout);
    }

    /// <summary>Does it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="report">Gets each result as soon as it is there, in the order of the ports.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotRunning"/>.</exception>
    public static void Run(ReachabilityRequest request, Action<ReachabilityResult> report)
    {
        using ContainerView container = ContainerView.Join(request.ProcessId, request.StartTime);
        using ReachabilityTest test = new(request, container);
        for (int round = 1; round <= request.Count; round++)
        {
            if (round > 1) Thread.Sleep(request.Delay);
            test.RunRound(round, report);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _routes.Dispose();

    private void RunRound(int round, Action<ReachabilityResult> report)
    {
        ResolvedTarget name = _names.Find(_request.Target);
        int?[] ports = _request.Ports.Count > 0 ? [.. _request.Ports.Select(static port => (int?)port)] : [null];
        if (name.Addresses.Count == 0)
        {
            foreach (int? port in ports) report(new ReachabilityResult { Port = port, Round = round, Name = name, Status = name.Failure, Error = name.Error });
            return;
        }

        (IPAddress Address, NetworkRoute? Route)[] ways = [.. name.Addresses.Select(address => (address, _routes.FindRoute(address)))];
        // As a program would, which asks for the addresses of families that it has itself (AI_ADDRCONFIG of getaddrinfo(3)).
        if (name.Source != NameSource.Address && ways.Any(static way => way.Route is not null)) ways = [.. ways.Where(static way => way.Route is not null || way.Address.GetAddressBytes().Length == 4)];
        List<Attempt> attempts = [.. ports.SelectMany(port => ways.Select(way => new Attempt(_request.Protocol, way.Address, port, round)))];
        Dictionary<IPAddress, NetworkRoute?> routes = ways.ToDictionary(static way => way.Address, static way => way.Route);
        foreach (Attempt[] together in attempts.Chunk(MostAtOnce))
        {
            try
            {
                Try(together);
                foreach (Attempt attempt in together) report(Result(attempt, round, name, routes[attempt.Address]));
            }
            finally
            {
                foreach (Attempt attempt in together) attempt.Dispose();
            }
        }
    }

    private void Try(Attempt[] attempts)
    {
        foreach (Attempt attempt in attempts)
        {
            attempt.Begin(_timeout);
            // On the same machine the answer is there already: what the others take must not be counted to it.
            if (attempt.Status is null && Libc.Poll([attempt.Entry], TimeSpan.Zero)) attempt.Look();
        }

        while (true)
        {
            Attempt[] open = [.. attempts.Where(static attempt => attempt.Status is null)];
            if (open.Length == 0) return;
            PollEntry[] entries = [.. open.Select(static attempt => attempt.Entry)];
            Libc.Poll(entries, open.Min(static attempt => attempt.Deadline.Left));
            for (int i = 0; i < open.Length; i++)
            {
                if (entries[i].Returned != 0) open[i].Look();
                // An answer that came in time counts, also where nobody had time to look at it.
                else if (open[i].Deadline.IsOver) open[i].GiveUp();
            }
        }
    }

    private ReachabilityResult Result(Attempt attempt, int round, ResolvedTarget name, NetworkRoute? route)
    {
        NetworkTestStatus status = attempt.Status!.Value;
        return new ReachabilityResult
        {
            Port = attempt.Port,
            Round = round,
            Status = status,
            Name = name,
            Address = attempt.Address,
            Route = route,
            Elapsed = status == NetworkTestStatus.Reached ? attempt.Elapsed : null,
            Error = ReachabilityWords.Of(status, attempt.Protocol, attempt.Address, attempt.Port, attempt.Errno, route is not null, _timeout),
        };
    }
}
