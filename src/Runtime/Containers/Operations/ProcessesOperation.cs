using ContainerTools.Runtime.Processes;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Lists a container's processes.</summary>
internal static class ProcessesOperation
{
    /// <summary>Those in its cgroup, oldest first.</summary>
    public static IReadOnlyList<ContainerProcess> Run(ContainerServices services, string container)
    {
        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        ContainerStatus status = services.InspectStatus(id);
        TransitionTable.Check(ContainerOperation.ReadProcesses, status.State, record.Name);
        ContainerConfiguration configuration = record.Configuration;
        ProcessReader reader = new(record.Id, record.Name, configuration.UserNamespace ? configuration.UserNamespaceHostId : 0);
        List<ContainerProcess> processes = [];
        foreach (int processId in services.OpenCgroup(status.Run!.CgroupPath ?? ContainerServices.CgroupPath(id)).Processes())
        {
            // One that has ended since is left out.
            if (reader.Read(processId) is { } process) processes.Add(process);
        }

        processes.Sort(static (left, right) => left.StartedAt != right.StartedAt
            ? left.StartedAt.CompareTo(right.StartedAt)
            : left.ProcessId.CompareTo(right.ProcessId));
        return processes;
    }
}
