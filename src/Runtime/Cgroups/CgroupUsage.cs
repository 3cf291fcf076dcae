using System.Globalization;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>What a cgroup uses now, and its limits beside it. null stands for what this machine does not count; times in nanoseconds, sizes in bytes.</summary>
internal sealed record CgroupUsage
{
    private const long NanosecondsOfMicrosecond = 1000;

    // USER_HZ, in which cpuacct.stat counts, is 100 on every architecture that this engine runs on.
    private const long NanosecondsOfTick = 10_000_000;

    /// <summary>Processor time.</summary>
    public long? CpuTotal { get; init; }
    /// <summary>Processor time in user mode.</summary>
    public long? CpuUser { get; init; }
    /// <summary>Processor time in the kernel.</summary>
    public long? CpuKernel { get; init; }
    /// <summary>Processor time by processor; v1 only.</summary>
    public IReadOnlyList<long>? CpuByProcessor { get; init; }
    /// <summary>Periods in which processes of the group wanted to run, where there is a quota.</summary>
    public long? Periods { get; init; }
    /// <summary>Those in which the quota was used up.</summary>
    public long? ThrottledPeriods { get; init; }
    /// <summary>How long the group was kept waiting.</summary>
    public long? ThrottledTime { get; init; }
    /// <summary>Memory in use.</summary>
    public long? Memory { get; init; }
    /// <summary>The most that was in use at once.</summary>
    public long? MemoryPeak { get; init; }
    /// <summary>Its limit; <see cref="long.MaxValue"/>, or a little less on v1, for none.</summary>
    public long? MemoryLimit { get; init; }
    /// <summary>How often the limit was hit.</summary>
    public long? MemoryFailures { get; init; }
    /// <summary>Swap in use: on v1 memory and swap together.</summary>
    public long? Swap { get; init; }
    /// <summary>Its limit.</summary>
    public long? SwapLimit { get; init; }
    /// <summary>memory.stat as it is.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> MemoryDetails { get; init; } = [];
    /// <summary>The page cache's part of it.</summary>
    public long? MemoryCache { get; init; }
    /// <summary>The kernel's part; v1 only.</summary>
    public MemoryPartUsage? KernelMemory { get; init; }
    /// <summary>The part of TCP buffers; v1 only.</summary>
    public MemoryPartUsage? TcpMemory { get; init; }
    /// <summary>Block devices.</summary>
    public BlockIOUsage BlockIO { get; init; } = new([], []);
    /// <summary>Huge pages, by size.</summary>
    public IReadOnlyList<HugetlbUsage> HugePages { get; init; } = [];
    /// <summary>Processes and threads.</summary>
    public long? Processes { get; init; }
    /// <summary>Their limit.</summary>
    public long? ProcessLimit { get; init; }

    /// <summary>Reads it. Each file is looked for in every hierarchy: its name says which version it is of.</summary>
    public static CgroupUsage Read(CgroupHost host, string path)
    {
        CgroupFolder[] folders = [.. host.Hierarchies.Select(hierarchy => hierarchy.Folder(path))];
        long? total = Times(Key("cpu.stat", "usage_usec"), NanosecondsOfMicrosecond) ?? Number("cpuacct.usage");
        return new CgroupUsage
        {
            CpuTotal = total,
            CpuUser = Times(Key("cpu.stat", "user_usec"), NanosecondsOfMicrosecond) ?? Times(Key("cpuacct.stat", "user"), NanosecondsOfTick),
            CpuKernel = Times(Key("cpu.stat", "system_usec"), NanosecondsOfMicrosecond) ?? Times(Key("cpuacct.stat", "system"), NanosecondsOfTick),
            CpuByProcessor = Numbers(Text("cpuacct.usage_percpu")),
            Periods = Key("cpu.stat", "nr_periods"),
            ThrottledPeriods = Key("cpu.stat", "nr_throttled"),
            ThrottledTime = Times(Key("cpu.stat", "throttled_usec"), NanosecondsOfMicrosecond) ?? Key("cpu.stat", "throttled_time"),
            Memory = Number("memory.current") ?? Number("memory.usage_in_bytes"),
            MemoryPeak = Number("memory.peak") ?? Number("memory.max_usage_in_bytes"),
            MemoryLimit = Number("memory.max") ?? Number("memory.limit_in_bytes"),
            MemoryFailures = Key("memory.events", "max") ?? Number("memory.failcnt"),
            Swap = Number("memory.swap.current") ?? Number("memory.memsw.usage_in_bytes"),
            SwapLimit = Number("memory.swap.max") ?? Number("memory.memsw.limit_in_bytes"),
            MemoryDetails = Lines(Text("memory.stat")),
            // v1 has the first word, v2 the second.
            MemoryCache = Key("memory.stat", "cache") ?? Key("memory.stat", "file"),
            KernelMemory = MemoryPartUsage.Read(folders, "memory.kmem"),
            TcpMemory = MemoryPartUsage.Read(folders, "memory.kmem.tcp"),
            BlockIO = BlockIOUsage.Read(folders),
            HugePages = HugetlbUsage.Read(folders),
            Processes = Number("pids.current"),
            ProcessLimit = Number("pids.max"),
        };

        long? Number(string name)
        {
            foreach (CgroupFolder folder in folders)
            {
                if (folder.ReadNumber(name) is { } number) return number;
            }

            return null;
        }

        long? Key(string name, string key)
        {
            foreach (CgroupFolder folder in folders)
            {
                if (folder.ReadKey(name, System.Text.Encoding.ASCII.GetBytes(key)) is { } number) return number;
            }

            return null;
        }

        string? Text(string name)
        {
            foreach (CgroupFolder folder in folders)
            {
                if (folder.Read(name) is { } text) return text;
            }

            return null;
        }
    }

    private static long? Times(long? number, long factor) => number * factor;

    private static List<long>? Numbers(string? text)
    {
        if (text is null) return null;
        List<long> numbers = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) numbers.Add(number);
        }

        return numbers;
    }

    private static List<KeyValuePair<string, long>> Lines(string? text)
    {
        List<KeyValuePair<string, long>> lines = [];
        foreach (string line in (text ?? "").Split('\n'))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && long.TryParse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                lines.Add(KeyValuePair.Create(line[..space], number));
            }
        }

        return lines;
    }
}
