using System.Buffers.Text;
using System.Globalization;

namespace ContainerTools.Runtime.Linux;

/// <summary>What /proc/&lt;pid&gt;/stat says about a process (proc_pid_stat(5)).</summary>
internal readonly record struct ProcessStat
{
    // Field numbers of proc_pid_stat(5), less the three that come before and at the state.
    private const int ParentField = 1;
    private const int FlagsField = 6;
    private const int UserTimeField = 11;
    private const int SystemTimeField = 12;
    private const int ThreadsField = 17;
    private const int StartTimeField = 19;
    private const int ResidentField = 21;

    /// <summary>PF_EXITING (linux/sched.h).</summary>
    private const uint Exiting = 4;

    /// <summary>R, S, D, Z, T, …</summary>
    public char State { get; init; }
    /// <summary>The parent's process id.</summary>
    public int ParentProcessId { get; init; }
    /// <summary>The kernel's PF_* flags.</summary>
    public uint Flags { get; init; }
    /// <summary>Clock ticks of processor time, user and system.</summary>
    public ulong CpuTicks { get; init; }
    /// <summary>Number of threads.</summary>
    public int Threads { get; init; }
    /// <summary>Clock ticks from boot to the start of the process.</summary>
    public ulong StartTime { get; init; }
    /// <summary>Resident pages.</summary>
    public long ResidentPages { get; init; }

    /// <summary>Whether it has ended and only its exit status is left.</summary>
    public bool HasEnded => State is 'Z' or 'X';

    /// <summary>Whether it has ended or is on its way out.</summary>
    public bool IsExiting => HasEnded || (Flags & Exiting) != 0;

    /// <summary>Reads a process's stat file; null when there is no such process.</summary>
    public static ProcessStat? Read(int processId)
    {
        Span<byte> buffer = stackalloc byte[1024];
        int length = Libc.ReadKernelFile(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"), buffer);
        // A process that ends between open and read makes read(2) return ESRCH.
        if (length == -Errno.ENOENT || length == -Errno.ESRCH) return null;
        if (length < 0) throw KernelError.From("read", -length, "/proc/<pid>/stat");
        return Parse(buffer[..length]);
    }

    /// <summary>The start time of a process that has not ended; null otherwise.</summary>
    public static ulong? StartTimeOf(int processId) => Read(processId) is { HasEnded: false } stat ? stat.StartTime : null;

    /// <summary>Whether the process with this id is the one that started then, and has not ended.</summary>
    public static bool IsAlive(int processId, ulong startTime) => processId > 0 && StartTimeOf(processId) == startTime;

    /// <summary>Reads the content of a stat file.</summary>
    public static ProcessStat? Parse(ReadOnlySpan<byte> text)
    {
        // The second field is the program's name in parentheses; the name may hold spaces and parentheses of its own.
        int end = text.LastIndexOf((byte)')');
        if (end < 0 || end + 2 >= text.Length) return null;
        ReadOnlySpan<byte> rest = text[(end + 2)..];
        ProcessStat stat = new() { State = (char)rest[0] };
        ulong user = 0;
        for (int field = 0; field <= ResidentField && !rest.IsEmpty; field++)
        {
            int space = rest.IndexOf((byte)' ');
            ReadOnlySpan<byte> word = space < 0 ? rest : rest[..space];
            rest = space < 0 ? default : rest[(space + 1)..];
            switch (field)
            {
                case ParentField: stat = stat with { ParentProcessId = (int)Number(word) }; break;
                case FlagsField: stat = stat with { Flags = (uint)Number(word) }; break;
                case UserTimeField: user = (ulong)Number(word); break;
                case SystemTimeField: stat = stat with { CpuTicks = user + (ulong)Number(word) }; break;
                case ThreadsField: stat = stat with { Threads = (int)Number(word) }; break;
                case StartTimeField: stat = stat with { StartTime = (ulong)Number(word) }; break;
                case ResidentField: stat = stat with { ResidentPages = Number(word) }; break;
            }
        }

        return stat;
    }

    private static long Number(ReadOnlySpan<byte> word) => Utf8Parser.TryParse(word, out long value, out _) ? value : 0;
}
