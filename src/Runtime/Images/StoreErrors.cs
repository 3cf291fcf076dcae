using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images;

/// <summary>Turns the framework's errors of files into the engine's.</summary>
internal static class StoreErrors
{
    /// <summary>Whether this is such an error.</summary>
    public static bool Knows(Exception error) => error is UnauthorizedAccessException or IOException;

    /// <summary>The engine's error.</summary>
    /// <param name="error">What the framework threw.</param>
    /// <param name="paths">The engine's folders.</param>
    /// <param name="subject">What it was done to.</param>
    public static ContainerException Translate(Exception error, EnginePaths paths, string subject)
    {
        if (error.HResult == Errno.ENOSPC || error.HResult == Errno.EDQUOT)
        {
            return new ContainerException(ErrorCode.StorageFull, $"There is no space left in {paths.Root}; free some and try again.", subject, error);
        }

        if (error is UnauthorizedAccessException || error.HResult == Errno.EROFS)
        {
            return new ContainerException(ErrorCode.PermissionDenied, $"The image store in {paths.Root} may not be written: {error.Message}", subject, error);
        }

        return new ContainerException(ErrorCode.KernelError, $"The image store in {paths.Root} could not be used: {error.Message}", subject, error);
    }
}
