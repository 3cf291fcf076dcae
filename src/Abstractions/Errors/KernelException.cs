namespace ContainerTools;

/// <summary>A system call that the kernel refused: which one, on what, and with which errno.</summary>
public sealed class KernelException : ContainerException
{
    /// <summary>Creates the error of a failed system call.</summary>
    /// <param name="systemCall">The call's name, for example <c>mount</c>.</param>
    /// <param name="errno">The error number (positive).</param>
    /// <param name="errnoName">Its symbolic name, for example <c>EPERM</c>.</param>
    /// <param name="message">The whole sentence, for example <c>mount proc on /proc: EPERM (operation not permitted)</c>.</param>
    /// <param name="path">The file or object concerned.</param>
    /// <param name="code">The stable kind; <see cref="ErrorCode.KernelError"/> unless the errno says more.</param>
    public KernelException(
        string systemCall, int errno, string errnoName, string message, string? path = null, ErrorCode code = ErrorCode.KernelError)
        : base(code, message, path)
    {
        SystemCall = systemCall;
        Errno = errno;
        ErrnoName = errnoName;
    }

    /// <summary>The system call's name.</summary>
    public string SystemCall { get; }

    /// <summary>The error number, positive.</summary>
    public int Errno { get; }

    /// <summary>The symbolic name of <see cref="Errno"/>.</summary>
    public string ErrnoName { get; }
}
