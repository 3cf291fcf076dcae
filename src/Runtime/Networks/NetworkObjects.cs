using System.Net;

namespace ContainerTools.Runtime.Networks;

/// <summary>Makes the pipeline's objects from a plan.</summary>
internal static class NetworkObjects
{
    /// <summary>The places in networks.</summary>
    public static IReadOnlyList<ContainerEndpoint> Endpoints(NetworkPlan plan) => [.. plan.Endpoints.Select(static endpoint => new ContainerEndpoint
    {
        Network = endpoint.Network,
        Interface = endpoint.Device,
        Addresses = [.. endpoint.Addresses.Select(static text => IPAddress.Parse(text.AsSpan(0, text.IndexOf('/', StringComparison.Ordinal))))],
        Gateways = [.. endpoint.Gateways.Select(IPAddress.Parse)],
        HardwareAddress = string.Join(':', endpoint.HardwareAddress().Select(static part => part.ToString("x2", System.Globalization.CultureInfo.InvariantCulture))),
        Names = endpoint.Names,
    })];
}
