using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Hosts.Trials;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Hosts;

/// <summary>
/// What this machine can do for containers. Everything is asked anew each time, so the answer is today's; what is harmless and cheap is
/// really tried, by ctrun in a process of its own.
/// </summary>
internal sealed class LocalHostOperations(EnginePaths paths) : IHostOperations
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<HostCapability> TestAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TrialRun trials = await TrialRun.StartAsync(StorageProbes.ExistingFolder(paths.Root), cancellationToken).ConfigureAwait(false);
        HostContext context = new()
        {
            Files = new HostFiles(),
            Paths = paths,
            Cgroups = CgroupHost.Detect(),
            Trials = trials.Results,
            NotTried = trials.Failure,
            HasSystemCall = Libc.HasSystemCall,
            FindProgram = ProgramPath.Find,
            IsRoot = Environment.IsPrivilegedProcess,
        };
        foreach (HostCapability capability in Probe(context))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return capability;
        }
    }

    /// <summary>All probes, one category after the other.</summary>
    public static IEnumerable<HostCapability> Probe(HostContext context) =>
    [
        .. KernelProbes.Run(context), .. NamespaceProbes.Run(context), .. CgroupProbes.Run(context), .. StorageProbes.Run(context),
        .. SecurityProbes.Run(context), .. NetworkProbes.Run(context), .. ToolProbes.Run(context),
    ];
}
