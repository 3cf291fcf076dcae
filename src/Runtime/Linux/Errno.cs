using System.Globalization;
using Tmds.Linux;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Error numbers with their symbolic names and meanings (errno(3)). The numbers come from the C library's headers for this
/// architecture, by way of Tmds.LibC.
/// </summary>
internal static class Errno
{
    public static int EPERM => LibC.EPERM;
    public static int ENOENT => LibC.ENOENT;
    public static int ESRCH => LibC.ESRCH;
    public static int EINTR => LibC.EINTR;
    public static int EIO => LibC.EIO;
    public static int ENXIO => LibC.ENXIO;
    public static int E2BIG => LibC.E2BIG;
    public static int ENOEXEC => LibC.ENOEXEC;
    public static int EBADF => LibC.EBADF;
    public static int ECHILD => LibC.ECHILD;
    public static int EAGAIN => LibC.EAGAIN;
    public static int ENOMEM => LibC.ENOMEM;
    public static int EACCES => LibC.EACCES;
    public static int EBUSY => LibC.EBUSY;
    public static int EEXIST => LibC.EEXIST;
    public static int EXDEV => LibC.EXDEV;
    public static int ENODEV => LibC.ENODEV;
    public static int ENOTDIR => LibC.ENOTDIR;
    public static int EISDIR => LibC.EISDIR;
    public static int EINVAL => LibC.EINVAL;
    public static int EMFILE => LibC.EMFILE;
    public static int ENOTTY => LibC.ENOTTY;
    public static int EFBIG => LibC.EFBIG;
    public static int ENOSPC => LibC.ENOSPC;
    public static int EROFS => LibC.EROFS;
    public static int EPIPE => LibC.EPIPE;
    public static int ERANGE => LibC.ERANGE;
    public static int ENAMETOOLONG => LibC.ENAMETOOLONG;
    public static int ENOSYS => LibC.ENOSYS;
    public static int ENOTEMPTY => LibC.ENOTEMPTY;
    public static int ELOOP => LibC.ELOOP;
    public static int ENODATA => LibC.ENODATA;
    public static int EOPNOTSUPP => LibC.EOPNOTSUPP;
    public static int EADDRINUSE => LibC.EADDRINUSE;
    public static int EADDRNOTAVAIL => LibC.EADDRNOTAVAIL;
    public static int EAFNOSUPPORT => LibC.EAFNOSUPPORT;
    public static int EPROTONOSUPPORT => LibC.EPROTONOSUPPORT;
    public static int EINPROGRESS => LibC.EINPROGRESS;
    public static int ENETDOWN => LibC.ENETDOWN;
    public static int ENETUNREACH => LibC.ENETUNREACH;
    public static int EHOSTUNREACH => LibC.EHOSTUNREACH;
    public static int EHOSTDOWN => LibC.EHOSTDOWN;
    public static int ECONNREFUSED => LibC.ECONNREFUSED;
    public static int ETIMEDOUT => LibC.ETIMEDOUT;
    public static int EDQUOT => LibC.EDQUOT;
    public static int ECANCELED => LibC.ECANCELED;

    /// <summary>The symbolic name, <c>EPERM</c>; <c>errno 123</c> for a number that is not listed here.</summary>
    public static string Name(int errno) => Describe(errno).Name;

    /// <summary>The meaning in the C library's words, <c>operation not permitted</c>.</summary>
    public static string Meaning(int errno) => Describe(errno).Meaning;

    private static (string Name, string Meaning) Describe(int errno)
    {
        if (errno == EPERM) return ("EPERM", "operation not permitted");
        if (errno == ENOENT) return ("ENOENT", "no such file or directory");
        if (errno == ESRCH) return ("ESRCH", "no such process");
        if (errno == EINTR) return ("EINTR", "interrupted system call");
        if (errno == EIO) return ("EIO", "input/output error");
        if (errno == ENXIO) return ("ENXIO", "no such device or address");
        if (errno == E2BIG) return ("E2BIG", "argument list too long");
        if (errno == ENOEXEC) return ("ENOEXEC", "exec format error");
        if (errno == EBADF) return ("EBADF", "bad file descriptor");
        if (errno == ECHILD) return ("ECHILD", "no child processes");
        if (errno == EAGAIN) return ("EAGAIN", "resource temporarily unavailable");
        if (errno == ENOMEM) return ("ENOMEM", "cannot allocate memory");
        if (errno == EACCES) return ("EACCES", "permission denied");
        if (errno == EBUSY) return ("EBUSY", "device or resource busy");
        if (errno == EEXIST) return ("EEXIST", "file exists");
        if (errno == EXDEV) return ("EXDEV", "invalid cross-device link");
        if (errno == ENODEV) return ("ENODEV", "no such device");
        if (errno == ENOTDIR) return ("ENOTDIR", "not a directory");
        if (errno == EISDIR) return ("EISDIR", "is a directory");
        if (errno == EINVAL) return ("EINVAL", "invalid argument");
        if (errno == EMFILE) return ("EMFILE", "too many open files");
        if (errno == ENOTTY) return ("ENOTTY", "inappropriate ioctl for device");
        if (errno == EFBIG) return ("EFBIG", "file too large");
        if (errno == ENOSPC) return ("ENOSPC", "no space left on device");
        if (errno == EROFS) return ("EROFS", "read-only file system");
        if (errno == EPIPE) return ("EPIPE", "broken pipe");
        if (errno == ERANGE) return ("ERANGE", "numerical result out of range");
        if (errno == ENAMETOOLONG) return ("ENAMETOOLONG", "file name too long");
        if (errno == ENOSYS) return ("ENOSYS", "function not implemented");
        if (errno == ENOTEMPTY) return ("ENOTEMPTY", "directory not empty");
        if (errno == ELOOP) return ("ELOOP", "too many levels of symbolic links");
        if (errno == ENODATA) return ("ENODATA", "no data available");
        if (errno == EOPNOTSUPP) return ("EOPNOTSUPP", "operation not supported");
        if (errno == EADDRINUSE) return ("EADDRINUSE", "address already in use");
        if (errno == EADDRNOTAVAIL) return ("EADDRNOTAVAIL", "cannot assign requested address");
        if (errno == EAFNOSUPPORT) return ("EAFNOSUPPORT", "address family not supported");
        if (errno == EPROTONOSUPPORT) return ("EPROTONOSUPPORT", "protocol not supported");
        if (errno == EINPROGRESS) return ("EINPROGRESS", "operation now in progress");
        if (errno == ENETDOWN) return ("ENETDOWN", "network is down");
        if (errno == ENETUNREACH) return ("ENETUNREACH", "network is unreachable");
        if (errno == EHOSTUNREACH) return ("EHOSTUNREACH", "no route to host");
        if (errno == EHOSTDOWN) return ("EHOSTDOWN", "host is down");
        if (errno == ECONNREFUSED) return ("ECONNREFUSED", "connection refused");
        if (errno == ETIMEDOUT) return ("ETIMEDOUT", "connection timed out");
        if (errno == EDQUOT) return ("EDQUOT", "disk quota exceeded");
        if (errno == ECANCELED) return ("ECANCELED", "operation canceled");
        return (string.Create(CultureInfo.InvariantCulture, $"errno {errno}"), "unknown error");
    }
}
