namespace ContainerTools.Runtime.Containers;

/// <summary>What must be undone, last step first, when a later step fails.</summary>
internal sealed class UndoList
{
    private readonly Stack<Action> _steps = new();

    /// <summary>Adds the undo of a step that is about to be, or has been, done.</summary>
    public void Push(Action undo) => _steps.Push(undo);

    /// <summary>All went well: nothing is to be undone.</summary>
    public void Clear() => _steps.Clear();

    /// <summary>
    /// Undoes. A step that cannot be undone does not keep the others from it, and does not hide the error that made it necessary: what
    /// it leaves is a half-made container, which the next command clears away.
    /// </summary>
    public void Run()
    {
        while (_steps.TryPop(out Action? undo))
        {
            try
            {
                undo();
            }
            catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
            {
                System.Diagnostics.Trace.TraceWarning("Undoing a step failed: {0}", error.Message);
            }
        }
    }
}
