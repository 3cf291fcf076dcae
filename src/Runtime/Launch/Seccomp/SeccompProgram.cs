namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>A system call filter as seccomp(2) takes it.</summary>
/// <param name="Instructions">The program.</param>
/// <param name="Flags">SECCOMP_FILTER_FLAG_… of SECCOMP_SET_MODE_FILTER; NEW_LISTENER is among them if <paramref name="UsesNotify"/>.</param>
/// <param name="UsesNotify">Whether an action is SCMP_ACT_NOTIFY, so that loading returns a descriptor for the listener.</param>
internal sealed record SeccompProgram(SockFilter[] Instructions, uint Flags, bool UsesNotify);
