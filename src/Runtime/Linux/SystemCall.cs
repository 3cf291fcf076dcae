using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// A system call's number on this architecture, with its name. Calls newer than Linux 5.1 have one number everywhere; older ones
/// differ between x86-64 (asm/unistd_64.h) and arm64 (asm-generic/unistd.h).
/// </summary>
internal readonly struct SystemCall
{
    private SystemCall(string name, int x64, int arm64)
    {
        Name = name;
        Number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? arm64 : x64;
    }

    /// <summary>The name, as in section 2 of the manual.</summary>
    public string Name { get; }

    /// <summary>The number on this machine.</summary>
    public int Number { get; }

    public static SystemCall Bpf => new("bpf", 321, 280);
    public static SystemCall Capset => new("capset", 126, 91);
    public static SystemCall Chdir => new("chdir", 80, 49);
    public static SystemCall Chroot => new("chroot", 161, 51);
    public static SystemCall Close => new("close", 3, 57);
    public static SystemCall CloseRange => new("close_range", 436, 436);
    public static SystemCall Clone3 => new("clone3", 435, 435);
    public static SystemCall Dup3 => new("dup3", 292, 24);
    public static SystemCall Execve => new("execve", 59, 221);
    public static SystemCall Execveat => new("execveat", 322, 281);
    public static SystemCall ExitGroup => new("exit_group", 231, 94);
    public static SystemCall Faccessat2 => new("faccessat2", 439, 439);
    public static SystemCall Fchdir => new("fchdir", 81, 50);
    public static SystemCall Fchmodat => new("fchmodat", 268, 53);
    public static SystemCall Fchown => new("fchown", 93, 55);
    public static SystemCall Fchownat => new("fchownat", 260, 54);
    public static SystemCall Fcntl => new("fcntl", 72, 25);
    public static SystemCall Fsconfig => new("fsconfig", 431, 431);
    public static SystemCall Fsmount => new("fsmount", 432, 432);
    public static SystemCall Fsopen => new("fsopen", 430, 430);
    public static SystemCall Getpid => new("getpid", 39, 172);
    public static SystemCall Ioctl => new("ioctl", 16, 29);
    public static SystemCall IoprioSet => new("ioprio_set", 251, 30);
    public static SystemCall Keyctl => new("keyctl", 250, 219);
    public static SystemCall Mkdirat => new("mkdirat", 258, 34);
    public static SystemCall Mknodat => new("mknodat", 259, 33);
    public static SystemCall Mount => new("mount", 165, 40);
    public static SystemCall MountSetattr => new("mount_setattr", 442, 442);
    public static SystemCall MoveMount => new("move_mount", 429, 429);
    public static SystemCall Openat => new("openat", 257, 56);
    public static SystemCall Openat2 => new("openat2", 437, 437);
    public static SystemCall OpenTree => new("open_tree", 428, 428);
    public static SystemCall Personality => new("personality", 135, 92);
    public static SystemCall PidfdOpen => new("pidfd_open", 434, 434);
    public static SystemCall PidfdSendSignal => new("pidfd_send_signal", 424, 424);
    public static SystemCall PivotRoot => new("pivot_root", 155, 41);
    public static SystemCall Prctl => new("prctl", 157, 167);
    public static SystemCall Prlimit64 => new("prlimit64", 302, 261);
    public static SystemCall Read => new("read", 0, 63);
    public static SystemCall RtSigaction => new("rt_sigaction", 13, 134);
    public static SystemCall RtSigprocmask => new("rt_sigprocmask", 14, 135);
    public static SystemCall SchedSetaffinity => new("sched_setaffinity", 203, 122);
    public static SystemCall SchedSetattr => new("sched_setattr", 314, 274);
    public static SystemCall Seccomp => new("seccomp", 317, 277);
    public static SystemCall Sendmsg => new("sendmsg", 46, 211);
    public static SystemCall Setdomainname => new("setdomainname", 171, 162);
    public static SystemCall Setgroups => new("setgroups", 116, 159);
    public static SystemCall Sethostname => new("sethostname", 170, 161);
    public static SystemCall Setns => new("setns", 308, 268);
    public static SystemCall Setresgid => new("setresgid", 119, 149);
    public static SystemCall Setresuid => new("setresuid", 117, 147);
    public static SystemCall Setsid => new("setsid", 112, 157);
    public static SystemCall Socket => new("socket", 41, 198);
    public static SystemCall Statx => new("statx", 332, 291);
    public static SystemCall Symlinkat => new("symlinkat", 266, 36);
    public static SystemCall Umask => new("umask", 95, 166);
    public static SystemCall Umount2 => new("umount2", 166, 39);
    public static SystemCall Unshare => new("unshare", 272, 97);
    public static SystemCall Write => new("write", 1, 64);
}
