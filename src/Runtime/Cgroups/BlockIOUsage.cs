using System.Globalization;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>What a cgroup and those below it have read from and written to block devices.</summary>
/// <param name="Bytes">In bytes.</param>
/// <param name="Operations">In operations.</param>
internal sealed record BlockIOUsage(IReadOnlyList<BlockIOCount> Bytes, IReadOnlyList<BlockIOCount> Operations)
{
    /// <summary>Reads it. On v1 BFQ counts more, where it runs; the throttling layer counts always.</summary>
    public static BlockIOUsage Read(IReadOnlyList<CgroupFolder> folders)
    {
        foreach (CgroupFolder folder in folders)
        {
            if (folder.Read("io.stat") is { } stat) return V2(stat);
            if (folder.Read("blkio.throttle.io_service_bytes_recursive") is not { } bytes) continue;
            string operations = folder.Read("blkio.throttle.io_serviced_recursive") ?? "";
            if (folder.Read("blkio.bfq.io_service_bytes_recursive") is { } bfq && V1(bfq) is { Count: > 0 } counted)
                return new BlockIOUsage(counted, V1(folder.Read("blkio.bfq.io_serviced_recursive") ?? operations));
            return new BlockIOUsage(V1(bytes), V1(operations));
        }

        return new BlockIOUsage([], []);
    }

    // "8:0 Read 4096"; the last line is the sum of all devices, "Total 4096".
    private static List<BlockIOCount> V1(string text)
    {
        List<BlockIOCount> counts = [];
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var device, var operation, var number] && Count(device, operation, number) is { } count) counts.Add(count);
        }

        return counts;
    }

    // "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0"
    private static BlockIOUsage V2(string text)
    {
        List<BlockIOCount> bytes = [], operations = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (string word in words.Skip(1))
            {
                (List<BlockIOCount>? list, string operation) = word.AsSpan(0, Math.Max(0, word.IndexOf('=', StringComparison.Ordinal))) switch
                {
                    "rbytes" => (bytes, "Read"),
                    "wbytes" => (bytes, "Write"),
                    "dbytes" => (bytes, "Discard"),
                    "rios" => (operations, "Read"),
                    "wios" => (operations, "Write"),
                    "dios" => (operations, "Discard"),
                    _ => (null, ""),
                };
                if (list is not null && Count(words[0], operation, word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..]) is { } count) list.Add(count);
            }
        }

        return new BlockIOUsage(bytes, operations);
    }

    private static BlockIOCount? Count(string device, string operation, string number)
    {
        int colon = device.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Parse(device.AsSpan(0, colon), out uint major) && Parse(device.AsSpan(colon + 1), out uint minor)
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                ? new BlockIOCount(major, minor, operation, value)
                : null;
    }

    private static bool Parse(ReadOnlySpan<char> text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
