using System.Net;

namespace ContainerTools.Runtime.Networks;

/// <summary>Gives back what a container has of networks: its addresses and names, and the ports of a run that was lost.</summary>
internal static class NetworkRelease
{
    /// <summary>Gives addresses and names back, at the end for good.</summary>
    /// <param name="runFolder">The run folder, which still has the plan.</param>
    public static void Run(string runFolder)
    {
        if (NetworkPlanFormat.TryLoad(runFolder) is not { SharedRun: null } plan) return;
        Release(plan);
        ReleaseAll(plan.NetworksRun, plan.Id);
    }

    /// <summary>As <see cref="Run"/>, after a monitor died: its sockets, devices and namespace went with it, the packet filter's elements did not.</summary>
    /// <param name="runFolder">The run folder; it need not have a plan.</param>
    /// <param name="networksRun">The folder of the networks' addresses and names that are in use.</param>
    /// <param name="id">The container.</param>
    public static void AfterLoss(string runFolder, string networksRun, string id)
    {
        if (NetworkPlanFormat.TryLoad(runFolder) is { } plan)
        {
            foreach (PortMapping port in plan.Ports) RemoveLost(plan, port);
            Release(plan);
        }

        ReleaseAll(networksRun, id);
    }

    // Also what no plan knows of: of who was killed after he took it.
    private static void ReleaseAll(string networksRun, string id)
    {
        if (!Directory.Exists(networksRun)) return;
        foreach (string folder in Directory.GetDirectories(networksRun)) new AddressLeases(networksRun, Path.GetFileName(folder)).ReleaseAll(id);
    }

    // Only a port that can be taken now: one that cannot has come to another container meanwhile, or was that container's all along, where the start has failed
    // because of it. Its element in the map has the same key.
    private static void RemoveLost(NetworkPlan plan, PortMapping port)
    {
        if (port.HostPort == 0) return;
        try
        {
            using PortReservation held = PortReservation.Take([port]);
            PacketFilter.RemovePorts(plan with { Ports = [port] });
        }
        catch (ContainerException error) when (error.Code is ErrorCode.PortInUse or ErrorCode.ToolMissing or ErrorCode.InvalidArgument)
        {
            // Without nft there is no table to clear either; whoever takes the port next replaces what is left.
        }
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
