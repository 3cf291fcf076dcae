using System.Collections.Concurrent;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// How containers ended that this process started and that removed themselves: so that starting one and waiting for it works however
/// short its life is. Only the latest few that have ended are kept.
/// </summary>
internal sealed class RecentEnds
{
    private const int Most = 64;

    private readonly ConcurrentDictionary<string, Task<Container>> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _ended = new();

    /// <summary>Begins to watch a container that was just started; the caller holds its lock, so that it cannot be gone yet.</summary>
    public void Remember(ContainerServices services, ContainerRecord record, ContainerStatus status)
    {
        EndOfRun? end = status.Run is { } run ? EndOfRun.Watch(services, record, run) : null;
        _byId[record.Id] = end is null
            ? Ended(record.Id, Snapshot.Of(record, status, services.Store.Files(record.Id)))
            : WaitAsync(record.Id, end);
    }

    /// <summary>The end of a container that is no longer there; null if this process did not start it, or has forgotten it.</summary>
    /// <param name="container">Its id or name.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task<Container?> FindAsync(string container, CancellationToken cancellationToken)
    {
        if (_byId.TryGetValue(container, out Task<Container>? end)) return await end.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (Task<Container> other in _byId.Values)
        {
            if (other.IsCompletedSuccessfully && other.Result.Name == container) return other.Result;
        }

        return null;
    }

    private async Task<Container> WaitAsync(string id, EndOfRun end)
    {
        using (end)
        {
            Container last = await end.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            return await Ended(id, last).ConfigureAwait(false);
        }
    }

    private Task<Container> Ended(string id, Container last)
    {
        _ended.Enqueue(id);
        while (_ended.Count > Most && _ended.TryDequeue(out string? oldest)) _byId.TryRemove(oldest, out _);
        return Task.FromResult(last);
    }
}
