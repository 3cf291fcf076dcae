using ContainerTools.Runtime.Containers.Operations;

namespace ContainerTools.Runtime.Containers;

/// <summary>The containers of this machine. Each operation is a file of its own in Operations/.</summary>
internal sealed class LocalContainerOperations(ContainerServices services) : IContainerOperations
{
    /// <inheritdoc/>
    public IAsyncEnumerable<Container> ListAsync(ContainerFilter filter, CancellationToken cancellationToken)
        => ListOperation.RunAsync(services, filter, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> GetAsync(string container, CancellationToken cancellationToken)
        => Complete(
            () => services.Inspect(services.Store.TryRead(services.Store.Resolve(container)) ?? throw ContainerStore.NotFound(container)),
            cancellationToken);

    /// <inheritdoc/>
    public Task<Container> CreateAsync(ContainerCreateOptions options, CancellationToken cancellationToken)
        => CreateOperation.RunAsync(services, options, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> StartAsync(string container, CancellationToken cancellationToken)
        => StartOperation.RunAsync(services, container, cancellationToken);

    /// <inheritdoc/>
    public Task<string> DescribeStartAsync(string container, CancellationToken cancellationToken)
        => Complete(() => DescribeStartOperation.Run(services, container), cancellationToken);

    /// <inheritdoc/>
    public Task<Container> StopAsync(string container, ContainerStopOptions options, CancellationToken cancellationToken)
        => StopOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> RestartAsync(string container, ContainerStopOptions options, CancellationToken cancellationToken)
        => RestartOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> PauseAsync(string container, CancellationToken cancellationToken)
        => PauseOperation.RunAsync(services, container, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> ResumeAsync(string container, CancellationToken cancellationToken)
        => ResumeOperation.RunAsync(services, container, cancellationToken);

    /// <inheritdoc/>
    public Task SendSignalAsync(string container, string signal, CancellationToken cancellationToken)
        => SignalOperation.RunAsync(services, container, signal, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> WaitAsync(string container, CancellationToken cancellationToken)
        => WaitOperation.RunAsync(services, container, cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(string container, ContainerRemoveOptions options, CancellationToken cancellationToken)
        => RemoveOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<Container> RenameAsync(string container, string newName, CancellationToken cancellationToken)
        => RenameOperation.RunAsync(services, container, newName, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ContainerLogEntry> ReadLogAsync(string container, ContainerLogOptions options, CancellationToken cancellationToken)
        => LogOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerProcess>> GetProcessesAsync(string container, CancellationToken cancellationToken)
        => Complete(() => ProcessesOperation.Run(services, container), cancellationToken);

    /// <inheritdoc/>
    public Task<ContainerLimit> GetLimitAsync(string container, CancellationToken cancellationToken)
        => Complete(() => LimitOperation.Get(services, container), cancellationToken);

    /// <inheritdoc/>
    public Task<ContainerLimit> SetLimitAsync(string container, ContainerLimit change, CancellationToken cancellationToken)
        => LimitOperation.SetAsync(services, container, change, cancellationToken);

    /// <inheritdoc/>
    public Task<IContainerSession> ExecAsync(string container, ContainerExecOptions options, CancellationToken cancellationToken)
        => ExecOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<IContainerSession> AttachAsync(string container, ContainerAttachOptions options, CancellationToken cancellationToken)
        => AttachOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerChange>> GetChangesAsync(string container, CancellationToken cancellationToken)
        => Task.Run(() => ChangesOperation.Run(services, container, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<string> ExportAsync(string container, ContainerExportOptions options, CancellationToken cancellationToken)
        => ExportOperation.RunAsync(services, container, options, cancellationToken);

    /// <inheritdoc/>
    public Task<ContainerImage> CommitAsync(
        string container, ContainerCommitOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
        => CommitOperation.RunAsync(services, container, options, progress, cancellationToken);

    // What only reads a few files is done on the spot; its errors belong into the task all the same.
    private static Task<T> Complete<T>(Func<T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<T>(cancellationToken);
        try
        {
            return Task.FromResult(read());
        }
        catch (Exception error)
        {
            return Task.FromException<T>(error);
        }
    }
}
