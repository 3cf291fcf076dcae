using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Logs;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Reads a container's log.</summary>
internal static class LogOperation
{
    /// <summary>Reads it; follows it as long as the container runs, if that is asked for.</summary>
    public static async IAsyncEnumerable<ContainerLogEntry> RunAsync(
        ContainerServices services, string container, ContainerLogOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        ContainerStatus status = services.InspectStatus(id);
        using EndOfRun? end = options.Follow && status.Run is { } run ? EndOfRun.Watch(services, record, run) : null;
        LogReader reader = new(services.Store.Files(id).Log, record.Name);
        await foreach (ContainerLogEntry entry in reader.ReadAsync(options, end?.WaitAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            yield return entry;
        }
    }
}
