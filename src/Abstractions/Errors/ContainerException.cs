namespace ContainerTools;

/// <summary>
/// The one exception type the engine throws for anything a user can cause or cure. The message is one sentence that
/// says what is wrong and, where there is one, the remedy.
/// </summary>
public class ContainerException : Exception
{
    /// <summary>Creates an error.</summary>
    /// <param name="code">The stable kind of the error.</param>
    /// <param name="message">One sentence for people.</param>
    /// <param name="target">What it concerns: a container's name or id, an image reference, a path.</param>
    /// <param name="innerException">The cause, where another exception was it.</param>
    public ContainerException(ErrorCode code, string message, string? target = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Target = target;
    }

    /// <summary>The stable kind of the error.</summary>
    public ErrorCode Code { get; }

    /// <summary>What the error concerns: a container's name or id, an image reference, a path.</summary>
    public string? Target { get; }
}
