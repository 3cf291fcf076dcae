using ContainerTools.Runtime.Monitoring;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Connects to the streams of a container's first process.</summary>
internal static class AttachOperation
{
    /// <summary>Connects.</summary>
    public static async Task<IContainerSession> RunAsync(
        ContainerServices services, string container, ContainerAttachOptions options, CancellationToken cancellationToken)
    {
        string id = services.Store.Resolve(container);
        ContainerRecord record = services.Store.TryRead(id) ?? throw ContainerStore.NotFound(container);
        TransitionTable.Check(ContainerOperation.Attach, services.InspectStatus(id).State, record.Name);
        if (options.StandardInput && !record.Configuration.Interactive)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, $"The container '{record.Name}' was made without standard input; make it interactive to write to it.", record.Name);
        }

        ContainerFiles files = services.Store.Files(id);
        try
        {
            return await ControlClient.AttachAsync(files.RunFolder, files.Log, options, cancellationToken).ConfigureAwait(false);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotRunning)
        {
            throw new ContainerException(error.Code, $"The container '{record.Name}' has just ended.", record.Name, error);
        }
    }
}
