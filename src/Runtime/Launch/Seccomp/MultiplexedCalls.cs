namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>The calls that i386 programs make through socketcall(2) and ipc(2), with the number that each has there (linux/net.h, linux/ipc.h).</summary>
internal static class MultiplexedCalls
{
    private static readonly (string Name, int Number)[] s_sockets =
    [
        ("socket", 1), ("bind", 2), ("connect", 3), ("listen", 4), ("accept", 5), ("getsockname", 6), ("getpeername", 7), ("socketpair", 8),
        ("send", 9), ("recv", 10), ("sendto", 11), ("recvfrom", 12), ("shutdown", 13), ("setsockopt", 14), ("getsockopt", 15),
        ("sendmsg", 16), ("recvmsg", 17), ("accept4", 18), ("recvmmsg", 19), ("sendmmsg", 20),
    ];

    private static readonly (string Name, int Number)[] s_ipc =
    [
        ("semop", 1), ("semget", 2), ("semctl", 3), ("semtimedop", 4), ("msgsnd", 11), ("msgrcv", 12), ("msgget", 13), ("msgctl", 14),
        ("shmat", 21), ("shmdt", 22), ("shmget", 23), ("shmctl", 24),
    ];

    private static readonly int s_socketcall = SystemCallTable.IndexOf("socketcall");
    private static readonly int s_ipcCall = SystemCallTable.IndexOf("ipc");

    /// <summary>Whether the call with this index in <see cref="SystemCallTable"/> is socketcall or ipc.</summary>
    public static bool IsMultiplexer(int name) => name == s_socketcall || name == s_ipcCall;

    /// <summary>What a multiplexer leads to.</summary>
    public static ReadOnlySpan<(string Name, int Number)> Of(int multiplexer) => multiplexer == s_socketcall ? s_sockets : s_ipc;
}
