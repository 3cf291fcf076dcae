using System.Globalization;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>What a filter returns (SECCOMP_RET_… of linux/seccomp.h), made from the names of the specification.</summary>
internal static class SeccompAction
{
    public const uint KillProcess = 0x80000000;
    public const uint KillThread = 0;
    public const uint Trap = 0x00030000;
    public const uint Error = 0x00050000;
    public const uint Notify = 0x7fc00000;
    public const uint Trace = 0x7ff00000;
    public const uint Log = 0x7ffc0000;
    public const uint Allow = 0x7fff0000;

    // MAX_ERRNO: a greater number would not be taken for an error by the C library.
    private const uint MaximumErrno = 4095;

    /// <summary>The value a filter returns for an action.</summary>
    /// <param name="name"><c>SCMP_ACT_…</c>.</param>
    /// <param name="errnoRet">The error number, or the message for a tracer; EPERM if null.</param>
    /// <param name="where">The place in the configuration, for error messages.</param>
    public static uint Parse(string name, uint? errnoRet, string where)
    {
        uint action = name switch
        {
            "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => KillThread,
            "SCMP_ACT_KILL_PROCESS" => KillProcess,
            "SCMP_ACT_TRAP" => Trap,
            "SCMP_ACT_ERRNO" => Error,
            "SCMP_ACT_TRACE" => Trace,
            "SCMP_ACT_ALLOW" => Allow,
            "SCMP_ACT_LOG" => Log,
            "SCMP_ACT_NOTIFY" => Notify,
            _ => throw new ContainerException(
                ErrorCode.InvalidConfiguration, $"{where}: there is no seccomp action '{name}'; use one of the SCMP_ACT_ names, for example SCMP_ACT_ERRNO.", where),
        };
        if (action is not (Error or Trace))
        {
            // The specification demands this: an error number that would be ignored is a mistake in the profile.
            return errnoRet is null
                ? action
                : throw new ContainerException(
                    ErrorCode.InvalidConfiguration, $"{where}: the action {name} has no error number; remove errnoRet, or use SCMP_ACT_ERRNO.", where);
        }

        uint number = errnoRet ?? 1;
        uint most = action == Error ? MaximumErrno : ushort.MaxValue;
        if (number > most)
        {
            throw new ContainerException(
                ErrorCode.InvalidConfiguration,
                string.Create(CultureInfo.InvariantCulture, $"{where}: errnoRet is {number}, but {name} takes 0 to {most}."),
                where);
        }

        return action | number;
    }
}
