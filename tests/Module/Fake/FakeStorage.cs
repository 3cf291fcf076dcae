namespace ContainerTools.Module.Tests;

/// <summary>An engine that takes up no room and has nothing wrong.</summary>
internal sealed class FakeStorage : IStorageOperations
{
    public Task<IReadOnlyList<ContainerStorageItem>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ContainerStorageItem>>([]);

    public Task<IReadOnlyList<ContainerStorageUsage>> GetUsageAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ContainerStorageUsage>>([]);

    public Task RemoveDownloadAsync(string digest, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> RemoveUnusedAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

    public Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<ContainerStorageProblem>>([]);
}
