using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images;

/// <summary>Turns the framework's errors of files into the engine's.</summary>
internal static class StoreErrors
{
    /// <summary>Whether this is an error that <see cref="Translate"/> has a kind for.</summary>
    public static bool Knows(Exception error)
        => error is UnauthorizedAccessException || (error is IOException && (error.HResult == Errno.ENOSPC || error.HResult == Errno.EDQUOT || error.HResult == Errno.EROFS));

    /// <summary>The engine's error.</summary>
    /// <param name="error">What the framework threw.</param>
    /// <param name="paths">The engine's folders.</param>
    /// <param name="subject">What it was done to.</param>
    public static ContainerException Translate(Exception error, EnginePaths paths, string subject) => error is UnauthorizedAccessException
        ? new ContainerException(ErrorCode.PermissionDenied, $"The image store in {paths.Root} may not be written: {error.Message}", subject, error)
        : error.HResult == Errno.EROFS
            ? new ContainerException(ErrorCode.PermissionDenied, $"The image store in {paths.Root} is on a read-only file system.", subject, error)
            : new ContainerException(ErrorCode.StorageFull, $"There is no space left in {paths.Root}; free some and try again.", subject, error);
}
