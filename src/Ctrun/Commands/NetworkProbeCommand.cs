using System.Globalization;
using System.Net.Sockets;
using ContainerTools.Runtime.Networks.Reachability;

namespace ContainerTools.Ctrun.Commands;

/// <summary>
/// <c>ctrun network-probe</c>: for the engine, whose threads cannot go into a container's network. A line of JSON for each result, as soon as it is there.
/// </summary>
internal static class NetworkProbeCommand
{
    private const string Usage = "network-probe --start-time TICKS --target NAME [--port N,N-N] [--protocol tcp|udp|icmp] [--timeout MS] [--family 4|6] [--count N] [--delay MS] PID";

    public static int Run(ArgumentReader reader)
    {
        ReachabilityRequest request = new() { ProcessId = 0, StartTime = 0, Target = "" };
        while (reader.Next(out string name))
        {
            switch (name)
            {
                case "start-time": request = request with { StartTime = ulong.TryParse(reader.Text(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong ticks) ? ticks : throw reader.Error("the start time is a number") }; break;
                case "target": request = request with { Target = reader.Text() }; break;
                case "port": request = request with { Ports = ReachabilityRequest.ReadPorts(reader.Text()) ?? throw reader.Error("ports are numbers from 1 to 65535, and ranges of them") }; break;
                case "protocol": request = request with { Protocol = Protocol(reader) }; break;
                case "timeout": request = request with { Timeout = TimeSpan.FromMilliseconds(reader.Number()) }; break;
                case "family": request = request with { Family = reader.Text() == "6" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork }; break;
                case "count": request = request with { Count = reader.Number() }; break;
                case "delay": request = request with { Delay = TimeSpan.FromMilliseconds(reader.Number()) }; break;
                default:
                    if (reader.Other(Usage)) return 0;
                    break;
            }
        }

        request = request with { ProcessId = int.TryParse(reader.Single("the process id"), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : throw reader.Error("the process id is a number") };
        if (request.Target.Length == 0) throw reader.Error("--target is missing");
        if (request.Ports.Count > 0 == (request.Protocol == NetworkTestProtocol.Icmp)) throw reader.Error("ports go with tcp and udp, and icmp without");
        try
        {
            ReachabilityTest.Run(request, static result => Output.WriteJsonLine(writer => ReachabilityFormat.Write(writer, result)));
            return 0;
        }
        catch (ContainerException error)
        {
            Output.WriteJsonLine(writer => ReachabilityFormat.WriteFailure(writer, error));
            return ExitCode.Of(error);
        }
    }

    private static NetworkTestProtocol Protocol(ArgumentReader reader) => reader.Text().ToLowerInvariant() switch
    {
        "tcp" => NetworkTestProtocol.Tcp,
        "udp" => NetworkTestProtocol.Udp,
        "icmp" => NetworkTestProtocol.Icmp,
        _ => throw reader.Error("the protocol is tcp, udp or icmp"),
    };
}
