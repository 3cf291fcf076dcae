using System.Net;
using ContainerTools.Runtime.Containers;

namespace ContainerTools.Runtime.Networks;

/// <summary>Makes a running container's new name known in its networks, and its old one no more.</summary>
internal static class NetworkRename
{
    /// <summary>Renames. The caller holds the container's lock; nothing happens where it has no run in a network.</summary>
    public static void Run(ContainerFiles files, string oldName, string newName)
    {
        if (NetworkPlanFormat.TryLoad(files.RunFolder) is not { Endpoints.Count: > 0 } plan) return;
        List<EndpointPlan> renamed = [];
        foreach (EndpointPlan endpoint in plan.Endpoints)
        {
            // The container's own name is the first; the same one may also have been given as an alias, and stays then.
            string[] rest = [.. endpoint.Names.Skip(1)];
            // A renaming that was killed may have left the one before in the plan.
            string[] gone = [.. endpoint.Names.Take(1).Append(oldName).Where(old => !rest.Any(name => AddressLeases.Key(name) == AddressLeases.Key(old)))];
            AddressLeases leases = new(plan.NetworksRun, endpoint.Network);
            foreach (bool ipv6 in (bool[])[false, true])
            {
                if (endpoint.AddressOf(ipv6) is IPAddress address) leases.Rename(plan.Id, address, newName, gone);
            }

            renamed.Add(endpoint with { Names = [newName, .. rest] });
        }

        // The monitor reads it again at the end, and gives back the names that are in it.
        try
        {
            NetworkPlanFormat.Save(files.RunFolder, plan with { Endpoints = renamed });
        }
        catch (DirectoryNotFoundException)
        {
            // It has ended meanwhile, and the name has gone with the address.
        }
    }
}
