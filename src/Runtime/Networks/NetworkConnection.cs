using System.Globalization;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Monitoring;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// Puts containers into networks and takes them out again, also while they run: the engine takes and gives back addresses and names and writes the record, and the monitor
/// makes and removes the devices.
/// </summary>
internal static class NetworkConnection
{
    /// <summary>Puts a container into one more network.</summary>
    public static async Task<Container> ConnectAsync(ContainerServices services, string container, NetworkAttachment attachment, CancellationToken cancellationToken)
    {
        NetworkMode.CheckAttachment(attachment);
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = locked.Record;
        Check(locked);
        ContainerNetwork network = services.Networks.Get(attachment.Network);
        NetworkPreparation.CheckAddresses(network, attachment);
        NetworkPlan? plan = PlanOf(services, locked);
        // On record but not made: whoever connected it was killed half-way. It is made now.
        bool isMade = plan is null || plan.Endpoints.Any(endpoint => endpoint.Network == network.Name);
        if (isMade && record.Configuration.Networks.Any(other => other.Network == network.Name))
        {
            throw new ContainerException(ErrorCode.NetworkAlreadyConnected, $"The container '{record.Name}' is in the network '{network.Name}' already.", record.Name);
        }

        ContainerRecord changed = With(record, [.. record.Configuration.Networks.Where(other => other.Network != network.Name), attachment with { Network = network.Name }]);
        NetworkPlan? made = null;
        List<string> warnings = [];
        UndoList undo = new();
        try
        {
            undo.Push(() => services.Store.Write(record));
            services.Store.Write(changed);
            if (!isMade) made = await MakeAsync(services, changed, network, attachment, plan!, warnings).ConfigureAwait(false);
            undo.Clear();
        }
        finally
        {
            undo.Run();
        }

        if (made is not null) UpdateHosts(services, changed, plan!, made, $"The container '{record.Name}' is in the network '{network.Name}' now");
        return services.Inspect(changed) with { Warnings = warnings };
    }

    /// <summary>Takes a container out of a network.</summary>
    public static async Task<Container> DisconnectAsync(ContainerServices services, string container, string network, CancellationToken cancellationToken)
    {
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = locked.Record;
        Check(locked);
        NetworkPlan? plan = PlanOf(services, locked);
        EndpointPlan? endpoint = plan?.Endpoints.FirstOrDefault(other => other.Network == network);
        if (endpoint is null && !record.Configuration.Networks.Any(other => other.Network == network))
        {
            // A network that is not there at all is told by its own error.
            services.Networks.Get(network);
            // Whoever took it out may have been killed before he gave back what it had there.
            services.Networks.Leases(network).ReleaseAll(record.Id);
            throw new ContainerException(ErrorCode.NetworkNotConnected, $"The container '{record.Name}' is not in the network '{network}'.", record.Name);
        }

        // A start asks the record: what fails from here on is completed by doing it again.
        ContainerRecord changed = With(record, [.. record.Configuration.Networks.Where(other => other.Network != network)]);
        services.Store.Write(changed);
        if (endpoint is not null)
        {
            NetworkPlan next = plan! with { Endpoints = [.. plan!.Endpoints.Where(other => other != endpoint)] };
            bool isChanged;
            UndoList undo = new();
            undo.Push(() => services.Store.Write(record));
            try
            {
                isChanged = await ChangeAsync(services, changed, next).ConfigureAwait(false);
                undo.Clear();
            }
            finally
            {
                undo.Run();
            }

            NetworkRelease.Release(plan with { Endpoints = [endpoint] });
            if (isChanged) UpdateHosts(services, changed, plan, next, $"The container '{record.Name}' is not in the network '{network}' any more");
        }

        return services.Inspect(changed);
    }

    /// <summary>Puts a running container's host devices back into a network's bridge that was made again, and has its monitor publish those of its ports that are not.</summary>
    public static async Task RepairAsync(ContainerServices services, string id, string network, CancellationToken cancellationToken)
    {
        using LockedContainer locked = await services.LockAsync(id, cancellationToken).ConfigureAwait(false);
        // It may have ended or been started again since it was listed; a start sees to it itself.
        if (locked.Status.State is not (ContainerState.Running or ContainerState.Paused)) return;
        if (NetworkPlanFormat.TryLoad(services.Paths.ContainerRun(id)) is not { } plan || !plan.Endpoints.Any(endpoint => endpoint.Network == network)) return;
        NetworkPreparation.Reconnect(plan, network);
        await ChangeAsync(services, locked.Record, plan).ConfigureAwait(false);
    }

    private static void Check(LockedContainer locked)
    {
        ContainerRecord record = locked.Record;
        TransitionTable.Check(ContainerOperation.ChangeNetwork, locked.Status.State, record.Name);
        string mode = record.Configuration.NetworkMode;
        if (!NetworkMode.IsSpecial(mode)) return;
        throw new ContainerException(
            ErrorCode.NetworkNotConnectable, $"The container '{record.Name}' has the network mode '{mode}', in which it cannot be put into networks or taken out of them.", record.Name);
    }

    // Null where it has no run: the next start goes by the record.
    private static NetworkPlan? PlanOf(ContainerServices services, LockedContainer locked)
    {
        if (locked.Status.Run is null) return null;
        string folder = services.Paths.ContainerRun(locked.Record.Id);
        return NetworkPlanFormat.TryLoad(folder)
            ?? throw new ContainerException(ErrorCode.StateCorrupt, $"The container '{locked.Record.Name}' runs, but {NetworkPlan.FileName} is not in its run folder.", locked.Record.Name);
    }

    private static ContainerRecord With(ContainerRecord record, IReadOnlyList<NetworkAttachment> networks) => record with
    {
        Configuration = record.Configuration with
        {
            Networks = networks,
            // The name of the last one stays, where there is none any more: it says that the container can be in networks.
            NetworkMode = networks.Count > 0 ? networks[0].Network : record.Configuration.NetworkMode,
        },
    };

    /// <summary>Has the monitor make one more place; null where the container has ended.</summary>
    private static async Task<NetworkPlan?> MakeAsync(ContainerServices services, ContainerRecord record, ContainerNetwork network, NetworkAttachment attachment, NetworkPlan plan, ICollection<string> warnings)
    {
        network = services.Networks.Ensure(network, warnings);
        int number = 0;
        while (plan.Endpoints.Any(other => other.Device == Device(number))) number++;
        EndpointPlan endpoint = new() { Network = network.Name, Driver = network.Driver, Parent = network.Interface, Device = Device(number) };
        endpoint = NetworkPreparation.Place(services, record, network, attachment, endpoint);
        UndoList undo = new();
        undo.Push(() => NetworkRelease.Release(plan with { Endpoints = [endpoint] }));
        try
        {
            List<string> order = [.. record.Configuration.Networks.OrderByDescending(static other => other.Priority).Select(static other => other.Network)];
            NetworkPlan next = plan with { Endpoints = [.. plan.Endpoints.Append(endpoint).OrderBy(other => order.IndexOf(other.Network))] };
            // Where it has ended meanwhile, the next start goes by the record, and takes addresses of its own.
            if (!await ChangeAsync(services, record, next).ConfigureAwait(false)) return null;
            // The device has the address from here on: nothing that fails later may give it to somebody else.
            undo.Clear();
            return next;
        }
        finally
        {
            undo.Run();
        }

        static string Device(int number) => string.Create(CultureInfo.InvariantCulture, $"eth{number}");
    }

    /// <summary>Has the monitor do it; false where the container has ended.</summary>
    private static async Task<bool> ChangeAsync(ContainerServices services, ContainerRecord record, NetworkPlan after)
    {
        ContainerFiles files = services.Store.Files(record.Id);
        try
        {
            NetworkPlanFormat.Save(files.RunFolder, after, NetworkPlan.NextFileName);
            if (await ControlClient.ChangeNetworkAsync(files.RunFolder).ConfigureAwait(false) is null)
            {
                if (services.StateReader.Read(record.Id).State is not (ContainerState.Running or ContainerState.Paused)) return false;
                throw new ContainerException(ErrorCode.NotSupported, $"The monitor of the container '{record.Name}' is of a version that cannot do this; start the container again.", record.Name);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The run folder went with the end.
            return false;
        }
        catch (ContainerException error) when (error is not KernelException)
        {
            throw new ContainerException(error.Code, error.Message, record.Name, error);
        }

        return true;
    }

    // All else is done, and stays so.
    private static void UpdateHosts(ContainerServices services, ContainerRecord record, NetworkPlan before, NetworkPlan after, string done)
    {
        try
        {
            NetworkFiles.Update(services.Store.Files(record.Id), record.Configuration, before, after);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            ErrorCode code = error is ContainerException known ? known.Code : ErrorCode.KernelError;
            throw new ContainerException(code, $"{done}, but its /etc/hosts could not be changed: {error.Message}", record.Name, error);
        }
    }
}
