namespace ContainerTools;

/// <summary>A registry that asks to be left alone, and for how long.</summary>
public sealed class RegistryRateLimitException : ContainerException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">One sentence for people.</param>
    /// <param name="target">The registry.</param>
    /// <param name="retryAfter">How long it wants to be left alone; null if it does not say.</param>
    public RegistryRateLimitException(string message, string target, TimeSpan? retryAfter)
        : base(ErrorCode.RegistryRateLimited, message, target)
        => RetryAfter = retryAfter;

    /// <summary>How long the registry wants to be left alone; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; }
}
