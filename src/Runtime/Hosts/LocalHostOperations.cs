using System.Runtime.CompilerServices;

namespace ContainerTools.Runtime.Hosts;

/// <summary>What this machine can do for containers. Each capability is asked for when it is listed, so the answer is today's.</summary>
internal sealed class LocalHostOperations(EnginePaths paths) : IHostOperations
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<HostCapability> TestAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (HostCapability capability in HostProbe.Run(paths))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return capability;
        }
    }
}
