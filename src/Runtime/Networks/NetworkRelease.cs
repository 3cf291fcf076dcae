using System.Net;
using ContainerTools.Runtime.Linux;

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

    /// <summary>
    /// As <see cref="Run"/>, after a monitor died: its sockets went with it, the packet filter's elements did not, nor did the devices, where somebody else is in the namespace.
    /// </summary>
    /// <param name="runFolder">The run folder; it need not have a plan.</param>
    /// <param name="networksRun">The folder of the networks' addresses and names that are in use.</param>
    /// <param name="id">The container.</param>
    public static void AfterLoss(string runFolder, string networksRun, string id)
    {
        // Its ports may lead to where the plan says that it was changing to. While the addresses are still its own, what leads to them is of this run.
        foreach (string file in (string[])[NetworkPlan.FileName, NetworkPlan.NextFileName])
        {
            if (NetworkPlanFormat.TryLoad(runFolder, file) is not { } plan) continue;
            PacketFilter.RemoveLostPorts(plan);
            KnownConnections.Forget(plan);
            RemoveDevices(plan);
        }

        ReleaseAll(networksRun, id);
    }

    // Also what no plan knows of: of who was killed after he took it.
    private static void ReleaseAll(string networksRun, string id)
    {
        if (!Directory.Exists(networksRun)) return;
        foreach (string folder in Directory.GetDirectories(networksRun)) new AddressLeases(networksRun, Path.GetFileName(folder)).ReleaseAll(id);
    }

    // Before the addresses are anybody else's. Those below a macvlan or ipvlan are only in the container's namespace, where nobody looks for them.
    private static void RemoveDevices(NetworkPlan plan)
    {
        EndpointPlan[] pairs = [.. plan.Endpoints.Where(static endpoint => endpoint.HostDevice.Length > 0)];
        if (pairs.Length == 0) return;
        using RouteNetlink links = new();
        foreach (EndpointPlan endpoint in pairs) links.TryRemoveLink(endpoint.HostDevice);
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
