namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Which operation is possible in which state: the only place that says so. Every operation asks here, under the container's
/// lock, after it has read the state again.
/// </summary>
internal static class TransitionTable
{
    /// <summary>What an operation may do.</summary>
    internal enum Verdict
    {
        /// <summary>Go on.</summary>
        Allowed,
        /// <summary>There is nothing to do; that is a success.</summary>
        Nothing,
        /// <summary>Fail.</summary>
        Refused,
    }

    /// <summary>The verdict, and the error of a refusal.</summary>
    public static (Verdict Verdict, ErrorCode Error) Look(ContainerOperation operation, ContainerState state) => (operation, state) switch
    {
        (_, ContainerState.Removing) => Refuse(ErrorCode.ContainerRemoving),

        (ContainerOperation.Start, ContainerState.Created or ContainerState.Exited) => Allow,
        (ContainerOperation.Start, ContainerState.Paused) => Refuse(ErrorCode.ContainerPaused),
        (ContainerOperation.Start, _) => Refuse(ErrorCode.ContainerRunning),

        (ContainerOperation.Stop, ContainerState.Created or ContainerState.Exited) => (Verdict.Nothing, default),
        (ContainerOperation.Stop, _) => Allow,

        (ContainerOperation.Pause, ContainerState.Running) => Allow,
        (ContainerOperation.Pause, ContainerState.Paused) => Refuse(ErrorCode.ContainerPaused),

        (ContainerOperation.Resume, ContainerState.Paused) => Allow,
        (ContainerOperation.Resume, _) => Refuse(ErrorCode.ContainerNotPaused),

        (ContainerOperation.Signal or ContainerOperation.ReadProcesses or ContainerOperation.TestNetwork, ContainerState.Running or ContainerState.Paused) => Allow,

        (ContainerOperation.Remove, ContainerState.Created or ContainerState.Exited) => Allow,
        (ContainerOperation.Remove, _) => Refuse(ErrorCode.ContainerRunning),

        (ContainerOperation.Rename or ContainerOperation.SetLimit or ContainerOperation.ChangeNetwork, _) => Allow,

        // A frozen container would take the command and never run it.
        (ContainerOperation.Exec or ContainerOperation.Attach, ContainerState.Running) => Allow,
        (ContainerOperation.Exec or ContainerOperation.Attach, ContainerState.Paused) => Refuse(ErrorCode.ContainerPaused),

        _ => Refuse(ErrorCode.ContainerNotRunning),
    };

    /// <summary>Asks, and throws a refusal.</summary>
    /// <returns>False when there is nothing to do.</returns>
    /// <exception cref="ContainerException">The operation is not possible in this state.</exception>
    public static bool Check(ContainerOperation operation, ContainerState state, string name)
    {
        (Verdict verdict, ErrorCode error) = Look(operation, state);
        if (verdict != Verdict.Refused) return verdict == Verdict.Allowed;
        string message = error switch
        {
            ErrorCode.ContainerRunning when operation == ContainerOperation.Remove
                => $"The container '{name}' is {Word(state)}; stop it first, or remove it by force.",
            ErrorCode.ContainerRunning => $"The container '{name}' is {Word(state)} already.",
            ErrorCode.ContainerPaused when operation == ContainerOperation.Pause => $"The container '{name}' is paused already.",
            ErrorCode.ContainerPaused => $"The container '{name}' is paused; resume it first.",
            ErrorCode.ContainerNotPaused => $"The container '{name}' is not paused; it is {Word(state)}.",
            ErrorCode.ContainerRemoving => $"The container '{name}' is being removed.",
            _ => $"The container '{name}' does not run; it is {Word(state)}.",
        };
        throw new ContainerException(error, message, name);
    }

    private static (Verdict Verdict, ErrorCode Error) Allow => (Verdict.Allowed, default);

    private static (Verdict Verdict, ErrorCode Error) Refuse(ErrorCode error) => (Verdict.Refused, error);

    private static string Word(ContainerState state) => state switch
    {
        ContainerState.Created => "created",
        ContainerState.Running => "running",
        ContainerState.Paused => "paused",
        ContainerState.Restarting => "restarting",
        ContainerState.Exited => "stopped",
        _ => "being removed",
    };
}
