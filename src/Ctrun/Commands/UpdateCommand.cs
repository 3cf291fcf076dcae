using System.Globalization;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun update</c>.</summary>
internal static class UpdateCommand
{
    private const string Usage =
        "update [--resources|-r FILE] [--memory BYTES] [--memory-reservation BYTES] [--memory-swap BYTES] [--cpu-share N] [--cpu-quota US]\n" +
        "                    [--cpu-period US] [--cpu-burst US] [--cpu-rt-period US] [--cpu-rt-runtime US] [--cpuset-cpus LIST] [--cpuset-mems LIST]\n" +
        "                    [--cpu-idle 0|1] [--pids-limit N] [--blkio-weight N] ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        OciResources document = new();
        OciMemory memory = new();
        OciCpu cpu = new();
        OciPids? pids = null;
        OciBlockIO? blocks = null;
        while (reader.Next(out string option))
        {
            switch (option)
            {
                case "resources" or "r":
                    document = ReadDocument(reader.Text());
                    break;
                case "memory":
                    memory = memory with { Limit = Bytes(reader) };
                    break;
                case "memory-reservation":
                    memory = memory with { Reservation = Bytes(reader) };
                    break;
                case "memory-swap":
                    memory = memory with { Swap = Bytes(reader) };
                    break;
                case "cpu-share":
                    cpu = cpu with { Shares = (ulong)Whole(reader) };
                    break;
                case "cpu-quota":
                    cpu = cpu with { Quota = Signed(reader) };
                    break;
                case "cpu-period":
                    cpu = cpu with { Period = (ulong)Whole(reader) };
                    break;
                case "cpu-burst":
                    cpu = cpu with { Burst = (ulong)Whole(reader) };
                    break;
                case "cpu-rt-period":
                    cpu = cpu with { RealtimePeriod = (ulong)Whole(reader) };
                    break;
                case "cpu-rt-runtime":
                    cpu = cpu with { RealtimeRuntime = Signed(reader) };
                    break;
                case "cpuset-cpus":
                    cpu = cpu with { Cpus = reader.Text() };
                    break;
                case "cpuset-mems":
                    cpu = cpu with { Mems = reader.Text() };
                    break;
                case "cpu-idle":
                    cpu = cpu with { Idle = Signed(reader) };
                    break;
                case "pids-limit":
                    pids = new OciPids { Limit = Signed(reader) };
                    break;
                case "blkio-weight":
                    blocks = new OciBlockIO { Weight = (ushort)Math.Min(Whole(reader), ushort.MaxValue) };
                    break;
                case "kernel-memory" or "kernel-memory-tcp":
                    // Gone from the kernel; engines still pass it on.
                    reader.Text();
                    break;
                case "l3-cache-schema" or "mem-bw-schema":
                    string schema = reader.Text();
                    if (schema.Length > 0) throw new ContainerException(ErrorCode.NotSupported, $"Intel RDT is not supported, so --{option} cannot be set.", schema);
                    break;
                default:
                    if (reader.Other(Usage)) return 0;
                    break;
            }
        }

        string id = reader.Single("the container's id");
        RunUpdate.Update(options.Store, id, document with
        {
            // What stands on the command line wins over the document; what neither has stays as it is.
            Memory = Merge(document.Memory, memory),
            Cpu = Merge(document.Cpu, cpu),
            Pids = pids ?? document.Pids,
            BlockIO = blocks is null ? document.BlockIO : (document.BlockIO ?? new OciBlockIO()) with { Weight = blocks.Weight },
        });
        return 0;
    }

    private static OciMemory? Merge(OciMemory? document, OciMemory options)
    {
        if (options == new OciMemory()) return document;
        return (document ?? new OciMemory()) with
        {
            Limit = options.Limit ?? document?.Limit,
            Reservation = options.Reservation ?? document?.Reservation,
            Swap = options.Swap ?? document?.Swap,
        };
    }

    private static OciCpu? Merge(OciCpu? document, OciCpu options)
    {
        if (options == new OciCpu()) return document;
        return (document ?? new OciCpu()) with
        {
            Shares = options.Shares ?? document?.Shares,
            Quota = options.Quota ?? document?.Quota,
            Period = options.Period ?? document?.Period,
            Burst = options.Burst ?? document?.Burst,
            RealtimePeriod = options.RealtimePeriod ?? document?.RealtimePeriod,
            RealtimeRuntime = options.RealtimeRuntime ?? document?.RealtimeRuntime,
            Cpus = options.Cpus ?? document?.Cpus,
            Mems = options.Mems ?? document?.Mems,
            Idle = options.Idle ?? document?.Idle,
        };
    }

    private static OciResources ReadDocument(string path)
    {
        if (path == "-") path = "/dev/stdin";
        return Bundle.ParseResources(Bundle.ReadDocument(path), path);
    }

    private static long Whole(ArgumentReader reader)
    {
        long number = Signed(reader);
        return number >= 0 ? number : throw reader.Error($"the limit {number} is negative");
    }

    private static long Signed(ArgumentReader reader)
    {
        string text = reader.Text();
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw reader.Error($"'{text}' is not a number");
    }

    // -1 for no limit, or a number with b, k, m, g or t, in powers of 1024.
    private static long Bytes(ArgumentReader reader)
    {
        string text = reader.Text();
        ReadOnlySpan<char> number = text.AsSpan().TrimEnd("bB");
        int shift = number.IsEmpty ? 0 : char.ToLowerInvariant(number[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        if (shift > 0) number = number[..^1];
        bool valid = long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            && (value >= 0 || (value == -1 && shift == 0)) && value <= long.MaxValue >> shift;
        return valid ? value << shift : throw reader.Error($"'{text}' is not a size; write bytes, or a number with k, m or g, or -1 for no limit");
    }
}
