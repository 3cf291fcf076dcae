namespace ContainerTools;

/// <summary>
/// What can be done with containers. A <c>container</c> argument is a full id, a unique id prefix or a name; a miss throws
/// <see cref="ErrorCode.ContainerNotFound"/>, a prefix of several <see cref="ErrorCode.ContainerIdAmbiguous"/>.
/// </summary>
public interface IContainerOperations
{
    /// <summary>All containers that fit the filter, oldest first.</summary>
    IAsyncEnumerable<Container> ListAsync(ContainerFilter filter, CancellationToken cancellationToken);

    /// <summary>One container.</summary>
    Task<Container> GetAsync(string container, CancellationToken cancellationToken);

    /// <summary>Makes a container; it does not run yet.</summary>
    Task<Container> CreateAsync(ContainerCreateOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Starts it; returns when its command has been executed. <see cref="ErrorCode.ContainerRunning"/> if it runs;
    /// <see cref="ErrorCode.CommandNotFound"/> and <see cref="ErrorCode.CommandNotExecutable"/> as the kernel says.
    /// </summary>
    Task<Container> StartAsync(string container, CancellationToken cancellationToken);

    /// <summary>What starting the container would do, without doing any of it: text for people, a line for each step.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where the engine does not know the steps.</exception>
    Task<string> DescribeStartAsync(string container, CancellationToken cancellationToken);

    /// <summary>Signals, waits, kills. A container that does not run is left as it is, without an error.</summary>
    Task<Container> StopAsync(string container, ContainerStopOptions options, CancellationToken cancellationToken);

    /// <summary>Stops it if it runs, and starts it.</summary>
    Task<Container> RestartAsync(string container, ContainerStopOptions options, CancellationToken cancellationToken);

    /// <summary>Freezes all its processes.</summary>
    Task<Container> PauseAsync(string container, CancellationToken cancellationToken);

    /// <summary>Lets frozen processes go on.</summary>
    Task<Container> ResumeAsync(string container, CancellationToken cancellationToken);

    /// <summary>Sends a signal to its first process. <paramref name="signal"/> is a name, with or without SIG, or a number.</summary>
    Task SendSignalAsync(string container, string signal, CancellationToken cancellationToken);

    /// <summary>Waits until it does not run; returns its last state, also when it removes itself.</summary>
    Task<Container> WaitAsync(string container, CancellationToken cancellationToken);

    /// <summary>Removes it with its writable layer and log.</summary>
    Task RemoveAsync(string container, ContainerRemoveOptions options, CancellationToken cancellationToken);

    /// <summary>Gives it another name.</summary>
    Task<Container> RenameAsync(string container, string newName, CancellationToken cancellationToken);

    /// <summary>Reads its log.</summary>
    IAsyncEnumerable<ContainerLogEntry> ReadLogAsync(string container, ContainerLogOptions options, CancellationToken cancellationToken);

    /// <summary>Its processes.</summary>
    Task<IReadOnlyList<ContainerProcess>> GetProcessesAsync(string container, CancellationToken cancellationToken);

    /// <summary>The limits in force: what the kernel reports where it runs, what it will start with where it does not.</summary>
    Task<ContainerLimit> GetLimitAsync(string container, CancellationToken cancellationToken);

    /// <summary>Changes limits, at once where it runs, and for every later start. Null properties stay as they are.</summary>
    Task<ContainerLimit> SetLimitAsync(string container, ContainerLimit change, CancellationToken cancellationToken);

    /// <summary>Runs a command in a running container.</summary>
    Task<IContainerSession> ExecAsync(string container, ContainerExecOptions options, CancellationToken cancellationToken);

    /// <summary>Connects to the streams of a container's first process.</summary>
    Task<IContainerSession> AttachAsync(string container, ContainerAttachOptions options, CancellationToken cancellationToken);

    /// <summary>What the container has changed, added and deleted in its root file system, in the order of the paths.</summary>
    Task<IReadOnlyList<ContainerChange>> GetChangesAsync(string container, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the root file system as a tar archive, without what is in mounts and volumes; the file appears when it is complete. Returns its path.
    /// <see cref="ErrorCode.FileExists"/> where it is there already and may not be replaced.
    /// </summary>
    Task<string> ExportAsync(string container, ContainerExportOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Makes an image of it: its image with its changes as one layer more. <see cref="ErrorCode.ImageNotFound"/> where its image has been removed
    /// by force.
    /// </summary>
    Task<ContainerImage> CommitAsync(
        string container, ContainerCommitOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken);
}
