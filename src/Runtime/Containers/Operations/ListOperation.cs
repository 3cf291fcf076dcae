using System.Runtime.CompilerServices;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Lists containers. Takes no lock; looks into run folders only where there are some.</summary>
internal static class ListOperation
{
    /// <summary>All containers that fit, oldest first.</summary>
    public static async IAsyncEnumerable<Container> RunAsync(
        ContainerServices services, ContainerFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        // Read before the containers: a run folder that comes later belongs to a start that this list may miss, one that goes is looked at again.
        HashSet<string> running = services.StateReader.RunFolders();
        List<Container> found = [];
        foreach (ContainerRecord record in services.Store.List())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!FitsRecord(record, filter)) continue;
            Container container = Look(services, record, running.Contains(record.Id));
            if (filter.States is null || filter.States.Contains(container.State)) found.Add(container);
        }

        found.Sort(static (left, right) => left.CreatedAt != right.CreatedAt
            ? left.CreatedAt.CompareTo(right.CreatedAt)
            : string.CompareOrdinal(left.Id, right.Id));
        foreach (Container container in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return container;
        }
    }

    // One container that cannot be read or repaired must not keep the others from being seen: it is listed with what is wrong with it.
    private static Container Look(ContainerServices services, ContainerRecord record, bool hasRunFolder)
    {
        try
        {
            return services.Inspect(record, hasRunFolder);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            ContainerRecord damaged = record with { Damage = record.Damage ?? error.Message };
            return Snapshot.Of(damaged, LastStatus(services, record.Id, hasRunFolder), services.Store.Files(record.Id));
        }
    }

    private static ContainerStatus LastStatus(ContainerServices services, string id, bool hasRunFolder)
    {
        try
        {
            return services.StateReader.Read(id, hasRunFolder);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            // The state's own files cannot be read. They are only there once it was started; that it runs nobody can say.
            return new ContainerStatus { State = ContainerState.Exited };
        }
    }

    private static bool FitsRecord(ContainerRecord record, ContainerFilter filter)
    {
        if (filter.Image is { } image && !IsImage(record, image)) return false;
        foreach ((string key, string? value) in filter.Labels ?? new Dictionary<string, string?>())
        {
            if (!record.Labels.TryGetValue(key, out string? own) || (value is not null && own != value)) return false;
        }

        return true;
    }

    // By the reference that the container was made from, with or without the default tag, or by the id or its beginning.
    private static bool IsImage(ContainerRecord record, string image)
    {
        if (record.Image == image || record.ImageId == image) return true;
        if (record.Image == image + ":latest" || record.Image + ":latest" == image) return true;
        string digits = image.StartsWith("sha256:", StringComparison.Ordinal) ? image[7..] : image;
        return digits.Length >= 4 && ContainerName.IsIdPrefix(digits) && record.ImageId.StartsWith("sha256:" + digits, StringComparison.Ordinal);
    }
}
