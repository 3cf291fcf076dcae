using System.Globalization;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>One line of <c>ctrun list</c>.</summary>
/// <param name="State">The run's state.</param>
/// <param name="Owner">The name of the user who made it, or <c>#1000</c>.</param>
internal sealed record RunListEntry(OciState State, string Owner);

/// <summary><c>ctrun list</c> and <c>ctrun ps</c>.</summary>
internal static class RunListing
{
    /// <summary>All runs. Those that vanish meanwhile, or are not complete, are left out; a damaged one is reported and left out.</summary>
    public static IReadOnlyList<RunListEntry> List(RunStore store, Action<ContainerException> report)
    {
        List<RunListEntry> entries = [];
        foreach (string id in store.Ids())
        {
            try
            {
                string owner = Libc.TryStat(Path.Combine(store.Root, id), out FileStatus status)
                    ? status.Uid == 0 ? "root" : string.Create(CultureInfo.InvariantCulture, $"#{status.Uid}")
                    : "";
                entries.Add(new RunListEntry(RunStatusReader.Read(store, id), owner));
            }
            catch (ContainerException error)
            {
                if (error.Code != ErrorCode.ContainerNotFound) report(error);
            }
        }

        return entries;
    }

    /// <summary>The processes of a container, as the host numbers them.</summary>
    public static IReadOnlyList<int> Processes(RunStore store, string id)
    {
        using RunFolder folder = store.Open(id);
        RunRecord record = folder.ReadRecord();
        RunTransitions.Check(RunOperation.Inspect, RunStatusReader.PhaseOf(folder, record), id);
        return RunStatusReader.OpenCgroup(record) is { } cgroup ? cgroup.Processes() : [record.ProcessId];
    }
}
