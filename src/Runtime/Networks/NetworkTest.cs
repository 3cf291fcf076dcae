using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Networks.Reachability;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Tests what a container reaches: <c>ctrun network-probe</c> does it, for a process with threads cannot go into a network for a while, and hands over a line for each result.
/// </summary>
internal static class NetworkTest
{
    private const int LongestName = 253;
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>Tests; each result comes as soon as it is there.</summary>
    public static async IAsyncEnumerable<NetworkTestResult> RunAsync(
        ContainerServices services, string container, NetworkTestOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ReachabilityRequest request = Check(options);
        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        ContainerStatus status = services.InspectStatus(id);
        TransitionTable.Check(ContainerOperation.TestNetwork, status.State, record.Name);
        RunRecord run = status.Run!;
        IReadOnlyList<EndpointPlan> endpoints = EndpointsOf(services, id);
        ProcessStartInfo start = new(EngineTools.Ctrun(), ["network-probe", .. (request with { ProcessId = run.ProcessId, StartTime = run.ProcessStartTime }).ToArguments()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Start(start);
        try
        {
            process.StandardInput.Close();
            Task<string> complaints = process.StandardError.ReadToEndAsync(cancellationToken);
            while (await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                yield return Result(services, record, options, request.Protocol, endpoints, Read(line, record));
            }

            string told = await complaints.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0) throw new ContainerException(ErrorCode.KernelError, $"The network of the container '{record.Name}' could not be tested: {told.Trim()}", record.Name);
        }
        finally
        {
            // Nobody waits for the rest: the user has stopped it, or has seen enough.
            if (!process.HasExited) process.Kill();
        }
    }

    /// <summary>What ctrun is asked for, without the process.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    internal static ReachabilityRequest Check(NetworkTestOptions options)
    {
        NetworkTestProtocol protocol = options.Protocol ?? (options.Ports.Count > 0 ? NetworkTestProtocol.Tcp : NetworkTestProtocol.Icmp);
        string target = options.Target.Trim('[', ']');
        if (!AddressText.TryParse(target, out _)) target = NameOf(target);
        foreach (int port in options.Ports)
        {
            if (port is < 1 or > 65535) throw Invalid($"{port} is no port; ports are numbers from 1 to 65535.", options.Target);
        }

        if (protocol == NetworkTestProtocol.Icmp && options.Ports.Count > 0) throw Invalid("An echo (ICMP) goes to no port.", options.Target);
        if (protocol != NetworkTestProtocol.Icmp && options.Ports.Count == 0) throw Invalid($"A test with {protocol.ToString().ToUpperInvariant()} needs a port.", options.Target);
        if (options.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > s_longest)) throw Invalid("The time to wait for an answer is more than nothing, and at most a day.", options.Target);
        if (options.Delay < TimeSpan.Zero || options.Delay > s_longest) throw Invalid("The pause between two rounds is at most a day.", options.Target);
        if (options.Count < 1) throw Invalid($"{options.Count} is no number of rounds.", options.Target);
        return new ReachabilityRequest
        {
            ProcessId = 0,
            StartTime = 0,
            Target = target,
            Ports = [.. options.Ports.Distinct()],
            Protocol = protocol,
            Timeout = options.Timeout,
            Family = options.Family,
            Count = options.Count,
            Delay = options.Delay,
        };
    }

    // A name as servers know it: one with letters beyond ASCII has a form without (RFC 5891).
    private static string NameOf(string target)
    {
        string name = target;
        if (!name.All(char.IsAscii))
        {
            try
            {
                name = new IdnMapping().GetAscii(name);
            }
            catch (ArgumentException)
            {
                throw NoName(target);
            }
        }

        string[] labels = (name.EndsWith('.') ? name[..^1] : name).Split('.');
        return name.Length <= LongestName + 1 && labels.All(static label => label.Length is > 0 and <= 63 && label.All(static letter => letter is > ' ' and <= '~' and not ('/' or ':' or '[' or ']')))
            ? name
            : throw NoName(target);

        static ContainerException NoName(string target) => Invalid($"'{target}' is neither the name of a host nor an address.", target);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new ContainerException(ErrorCode.ToolMissing, $"{start.FileName} cannot be started: {error.Message}", start.FileName, error);
        }
    }

    private static ReachabilityResult Read(string line, ContainerRecord record)
    {
        try
        {
            return ReachabilityFormat.Read(line);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.KernelError, $"The network of the container '{record.Name}' could not be tested: ctrun wrote '{line}'.", record.Name, error);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotRunning)
        {
            throw new ContainerException(error.Code, $"The container '{record.Name}' has ended.", record.Name, error);
        }
        catch (ContainerException error)
        {
            throw new ContainerException(error.Code, $"The network of the container '{record.Name}' could not be tested: {error.Message}", record.Name, error);
        }
    }

    // Its own places in networks, or those of the container whose network it shares.
    private static IReadOnlyList<EndpointPlan> EndpointsOf(ContainerServices services, string id)
    {
        NetworkPlan? plan = NetworkPlanFormat.TryLoad(services.Paths.ContainerRun(id));
        if (plan?.SharedRun is { } shared) plan = NetworkPlanFormat.TryLoad(shared);
        return plan?.Endpoints ?? [];
    }

    private static NetworkTestResult Result(
        ContainerServices services, ContainerRecord record, NetworkTestOptions options, NetworkTestProtocol protocol, IReadOnlyList<EndpointPlan> endpoints, ReachabilityResult found)
    {
        string? error = found.Error;
        if (found.Status is NetworkTestStatus.NameNotFound or NetworkTestStatus.LookupFailed && WhyUnknown(services, record, options.Target) is { } why) error = $"{error} {why}";
        return new NetworkTestResult
        {
            Container = record.Name,
            ContainerId = record.Id,
            Target = options.Target,
            Port = found.Port,
            Protocol = protocol,
            Round = found.Round,
            Status = found.Status,
            Addresses = found.Name.Addresses,
            NameSource = found.Name.Source,
            NameServer = found.Name.Server,
            ResolvedName = found.Name.FullName,
            ResolveTime = found.Name.Elapsed,
            RemoteAddress = found.Address,
            SourceAddress = found.Route?.Source,
            Interface = found.Route?.Interface,
            Gateway = found.Route?.Gateway,
            Network = NetworkOf(record, endpoints, found.Route),
            ConnectTime = found.Elapsed,
            Error = error,
        };
    }

    private static string? NetworkOf(ContainerRecord record, IReadOnlyList<EndpointPlan> endpoints, Linux.NetworkRoute? route)
    {
        if (route is null) return null;
        if (route.Source is { } source && endpoints.FirstOrDefault(endpoint => source.Equals(endpoint.AddressOf(source.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6))) is { } place) return place.Network;
        return record.Configuration.NetworkMode == NetworkMode.Host && route.Interface != "lo" ? NetworkMode.Host : null;
    }

    // A container that is there, and is not found: what the user most likely wonders about.
    private static string? WhyUnknown(ContainerServices services, ContainerRecord from, string target)
    {
        try
        {
            string id = services.Store.Resolve(target);
            if (services.Store.TryRead(id) is not { } other || other.Name != target || id == from.Id) return null;
            return services.InspectStatus(id).IsActive
                ? $"There is a container '{target}', but in no network that '{from.Name}' is in."
                : $"There is a container '{target}', but it does not run.";
        }
        catch (ContainerException error) when (error.Code is ErrorCode.ContainerNotFound or ErrorCode.ContainerIdAmbiguous)
        {
            return null;
        }
    }

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);
}
