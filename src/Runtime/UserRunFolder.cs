using System.Globalization;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime;

/// <summary>
/// Where a user who is not root keeps what is running now. Whoever can write there can put a configuration under a container that is about to start, so
/// it is a folder of this user alone, or none.
/// </summary>
internal static class UserRunFolder
{
    /// <summary>The session's own ($XDG_RUNTIME_DIR), /run/user/&lt;uid&gt;, or a folder in the one for temporary files, which is made.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.PermissionDenied"/>: the last one is somebody else's, or open to others.</exception>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } given) return given;
        string user = Libc.EffectiveUserId.ToString(CultureInfo.InvariantCulture);
        string session = "/run/user/" + user;
        return IsOurs(session) ? session : Make(Path.Combine(Path.GetTempPath(), "containertools-" + user));
    }

    /// <summary>Makes a folder for this user alone where others can make folders as well.</summary>
    internal static string Make(string path)
    {
        int errno = Libc.MakeFolder(path, 0x1C0 /* 0700 */);
        if (errno != 0 && errno != Errno.EEXIST) throw KernelError.From("mkdir", errno, path);
        return IsOurs(path) ? path : throw new ContainerException(
            ErrorCode.PermissionDenied, $"{path} is not a folder of yours that nobody else can write to; remove it, or say with CONTAINERTOOLS_RUN where to keep what is running.", path);
    }

    private static bool IsOurs(string path)
        => Libc.TryStat(path, out FileStatus status) && status.IsFolder && status.Uid == Libc.EffectiveUserId && (status.Mode & 0x3F /* 0077 */) == 0;
}
