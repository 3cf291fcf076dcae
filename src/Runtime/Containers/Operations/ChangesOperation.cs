using ContainerTools.Runtime.Layers;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Tells what a container has changed. Takes no lock: of a container that runs, it is a look in passing.</summary>
internal static class ChangesOperation
{
    /// <summary>The changes, in the order of their paths.</summary>
    public static IReadOnlyList<ContainerChange> Run(ContainerServices services, string container, CancellationToken cancellationToken)
    {
        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        List<ContainerChange> changes = [];
        WritableLayer.FindChanges(services, record, entry =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool deleted = entry.Kind == ContainerChangeKind.Deleted;
            changes.Add(new ContainerChange
            {
                ContainerId = record.Id,
                Container = record.Name,
                Kind = entry.Kind,
                Path = "/" + TarEntry.Display(entry.Path),
                Size = deleted ? null : entry.Status.IsFile ? entry.Status.Size : 0,
            });
        });
        return changes;
    }
}
