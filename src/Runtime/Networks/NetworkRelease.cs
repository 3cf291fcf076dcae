using System.Net;

namespace ContainerTools.Runtime.Networks;

/// <summary>Gives back what a container has of networks: its addresses and names, and the ports of a run that was lost.</summary>
internal static class NetworkRelease
{
    /// <summary>Gives addresses and names back, at the end for good.</summary>
    /// <param name="runFolder">The run folder, which still has the plan.</param>
    public static void Run(string runFolder)
    {
        if (NetworkPlanFormat.TryLoad(runFolder) is { } plan) Release(plan);
    }

    /// <summary>As <see cref="Run"/>, after a monitor died: its sockets, devices and namespace went with it, the packet filter's elements did not.</summary>
    public static void AfterLoss(string runFolder)
    {
        if (NetworkPlanFormat.TryLoad(runFolder) is not { } plan) return;
        if (plan.Ports.Count > 0) PacketFilter.RemovePorts(plan);
        Release(plan);
    }

    /// <summary>Gives the addresses of a plan back.</summary>
    public static void Release(NetworkPlan plan)
    {
        foreach (EndpointPlan endpoint in plan.Endpoints)
        {
            AddressLeases leases = new(plan.NetworksRun, endpoint.Network);
            foreach (bool ipv6 in (bool[])[false, true])
            {
                if (endpoint.AddressOf(ipv6) is IPAddress address) leases.Release(plan.Id, address, endpoint.Names);
            }
        }
    }
}
