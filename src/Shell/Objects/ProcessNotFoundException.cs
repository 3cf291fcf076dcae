namespace ContainerTools.Shell.Objects;

/// <summary>No such process.</summary>
public sealed class ProcessNotFoundException : SystemException
{
    public ProcessNotFoundException()
    {
    }

    public ProcessNotFoundException(string? message)
        : base(message)
    {
    }

    public ProcessNotFoundException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
