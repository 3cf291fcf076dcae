namespace ContainerTools.Module.Tests;

/// <summary>An engine that takes up no room and has nothing wrong.</summary>
internal sealed class FakeStorage : IStorageOperations
{
    public Task<IReadOnlyList<ContainerStorageItem>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ContainerStorageItem>>([]);

    public Task<IReadOnlyList<ContainerStorageUsage>> GetUsageAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ContainerStorageUsage>>([]);

    public Task<ContainerStoragePlan> PlanClearAsync(StorageClearOptions options, CancellationToken cancellationToken) => Task.FromResult(new ContainerStoragePlan { Steps = [] });

    public Task RemoveAsync(ContainerStorageItem item, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<long> RemoveUnusedAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

    public Task<IReadOnlyList<ContainerStorageProblem>> TestAsync(bool repair, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<ContainerStorageProblem>>([]);
}
