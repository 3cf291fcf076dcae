using System.Text.Json;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers.Runs;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun events</c>: what a container uses, in runc's JSON, one object a line.</summary>
internal static class EventsCommand
{
    private const string Usage = "events [--stats] [--interval 5s] ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        bool once = false;
        TimeSpan interval = TimeSpan.FromSeconds(5);
        while (reader.Next(out string option))
        {
            if (option == "stats") once = reader.Flag();
            else if (option == "interval") interval = Interval(reader);
            else if (reader.Other(Usage)) return 0;
        }

        string id = reader.Single("the container's id");
        if (once) Write(id, RunWatch.Read(options.Store, id));
        else RunWatch.Watch(options.Store, id, interval, usage => Write(id, usage), () => WriteOutOfMemory(id));
        return 0;
    }

    private static TimeSpan Interval(ArgumentReader reader)
    {
        string text = reader.Text();
        return GoDuration.Parse(text) is { } interval && interval > TimeSpan.Zero && interval.TotalMilliseconds < int.MaxValue
            ? interval
            : throw reader.Error($"'{text}' is not a time; write for example 500ms, 5s, 1m30s or 1h");
    }

    private static void WriteOutOfMemory(string id) => Output.WriteJsonLine(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "oom");
        writer.WriteString("id"u8, id);
        writer.WriteEndObject();
    });

    private static void Write(string id, CgroupUsage usage) => Output.WriteJsonLine(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "stats");
        writer.WriteString("id"u8, id);
        writer.WriteStartObject("data"u8);
        WriteCpu(writer, usage);
        WriteMemory(writer, usage);
        writer.WriteStartObject("pids"u8);
        Number(writer, "current", usage.Processes);
        Number(writer, "limit", Limit(usage.ProcessLimit));
        writer.WriteEndObject();
        WriteBlockIO(writer, usage.BlockIO);
        writer.WriteStartObject("hugetlb"u8);
        foreach (HugetlbUsage pages in usage.HugePages)
        {
            writer.WriteStartObject(pages.Size);
            Number(writer, "usage", pages.Usage);
            Number(writer, "max", pages.Peak);
            Number(writer, "failcnt", pages.Failures);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static void WriteBlockIO(Utf8JsonWriter writer, BlockIOUsage usage)
    {
        writer.WriteStartObject("blkio"u8);
        WriteCounts(writer, "ioServiceBytesRecursive", usage.Bytes);
        WriteCounts(writer, "ioServicedRecursive", usage.Operations);
        writer.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter writer, string name, IReadOnlyList<BlockIOCount> counts)
    {
        if (counts.Count == 0) return;
        writer.WriteStartArray(name);
        foreach (BlockIOCount count in counts)
        {
            writer.WriteStartObject();
            writer.WriteNumber("major"u8, count.Major);
            writer.WriteNumber("minor"u8, count.Minor);
            writer.WriteString("op"u8, count.Operation);
            writer.WriteNumber("value"u8, count.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteCpu(Utf8JsonWriter writer, CgroupUsage usage)
    {
        writer.WriteStartObject("cpu"u8);
        writer.WriteStartObject("usage"u8);
        Number(writer, "total", usage.CpuTotal);
        if (usage.CpuByProcessor is { } processors)
        {
            writer.WriteStartArray("percpu"u8);
            foreach (long time in processors) writer.WriteNumberValue(time);
            writer.WriteEndArray();
        }

        Number(writer, "kernel", usage.CpuKernel);
        Number(writer, "user", usage.CpuUser);
        writer.WriteEndObject();
        writer.WriteStartObject("throttling"u8);
        Number(writer, "periods", usage.Periods);
        Number(writer, "throttledPeriods", usage.ThrottledPeriods);
        Number(writer, "throttledTime", usage.ThrottledTime);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteMemory(Utf8JsonWriter writer, CgroupUsage usage)
    {
        writer.WriteStartObject("memory"u8);
        Number(writer, "cache", usage.MemoryCache);
        writer.WriteStartObject("usage"u8);
        Number(writer, "limit", usage.MemoryLimit);
        Number(writer, "usage", usage.Memory);
        Number(writer, "max", usage.MemoryPeak);
        Number(writer, "failcnt", usage.MemoryFailures);
        writer.WriteEndObject();
        writer.WriteStartObject("swap"u8);
        Number(writer, "limit", usage.SwapLimit);
        Number(writer, "usage", usage.Swap);
        writer.WriteEndObject();
        WritePart(writer, "kernel", usage.KernelMemory);
        WritePart(writer, "kernelTCP", usage.TcpMemory);
        writer.WriteStartObject("raw"u8);
        foreach ((string name, long value) in usage.MemoryDetails) writer.WriteNumber(name, value);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter writer, string name, MemoryPartUsage? part)
    {
        writer.WriteStartObject(name);
        Number(writer, "limit", part?.Limit);
        Number(writer, "usage", part?.Usage);
        Number(writer, "max", part?.Peak);
        Number(writer, "failcnt", part?.Failures ?? 0);
        writer.WriteEndObject();
    }

    // runc says 0 where there is no limit on processes.
    private static long? Limit(long? limit) => limit == long.MaxValue ? 0 : limit;

    private static void Number(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
    }
}
