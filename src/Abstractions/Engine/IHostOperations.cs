namespace ContainerTools;

/// <summary>Questions about the machine.</summary>
public interface IHostOperations
{
    /// <summary>What this kernel and machine can and cannot do for containers.</summary>
    IAsyncEnumerable<HostCapability> TestAsync(CancellationToken cancellationToken);
}
