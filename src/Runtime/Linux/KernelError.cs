using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>Turns a failed system call into a <see cref="KernelException"/> that says which call, on what, and why.</summary>
internal static class KernelError
{
    /// <summary>The error of the P/Invoke just made (SetLastError = true).</summary>
    /// <param name="systemCall">The call's name.</param>
    /// <param name="path">The file or object concerned.</param>
    public static KernelException Last(string systemCall, string? path = null)
        => From(systemCall, Marshal.GetLastPInvokeError(), path);

    /// <summary>The error of a call that returned this errno.</summary>
    public static KernelException From(string systemCall, int errno, string? path = null)
    {
        string name = Errno.Name(errno);
        string message = path is null
            ? $"{systemCall}: {name} ({Errno.Meaning(errno)})"
            : $"{systemCall} {path}: {name} ({Errno.Meaning(errno)})";
        return new KernelException(systemCall, errno, name, message, path, CodeOf(errno));
    }

    /// <summary>The engine's kind of error for an errno that means the same everywhere.</summary>
    public static ErrorCode CodeOf(int errno)
    {
        if (errno == Errno.ENOSPC || errno == Errno.EDQUOT) return ErrorCode.StorageFull;
        if (errno == Errno.EPERM || errno == Errno.EACCES) return ErrorCode.PermissionDenied;
        if (errno == Errno.ENOSYS || errno == Errno.EOPNOTSUPP) return ErrorCode.NotSupported;
        return ErrorCode.KernelError;
    }
}
