using System.Globalization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>io, v2. A weight goes to BFQ on its own scale where the kernel has it, else to io.weight (kernel Documentation/admin-guide/cgroup-v2.rst).</summary>
internal sealed class V2IOController : CgroupController
{
    private const string BfqWeight = "io.bfq.weight";
    private const string Weight = "io.weight";
    private const string Max = "io.max";
    private const long Default = 100;

    /// <inheritdoc/>
    public override string Name => "io";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.BlockIO is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.BlockIO is not { } io) return;
        ApplyWeights(folder, io);
        Throttle(folder, "rbps", io.ThrottleReadBpsDevice);
        Throttle(folder, "wbps", io.ThrottleWriteBpsDevice);
        Throttle(folder, "riops", io.ThrottleReadIOPSDevice);
        Throttle(folder, "wiops", io.ThrottleWriteIOPSDevice);
    }

    /// <inheritdoc/>
    public override void Read(CgroupFolder folder, LimitReading reading)
    {
        if (DefaultLine(folder.Read(BfqWeight)) is { } bfq) reading.BlockIOWeight = bfq == Default ? null : (int)bfq;
        else if (DefaultLine(folder.Read(Weight)) is { } weight) reading.BlockIOWeight = weight == Default ? null : LimitConversion.BlockWeightFromIOWeight(weight);
    }

    private static void ApplyWeights(CgroupFolder folder, OciBlockIO io)
    {
        if (io.LeafWeight is not null and not 0) throw LimitCheck.NotSupported(folder, "cgroup v2 has no leaf weights for block I/O (blockIO.leafWeight).");
        bool wantsWeight = io.Weight is not null and not 0;
        if (!wantsWeight && io.WeightDevice is not { Count: > 0 }) return;
        bool bfq = folder.Has(BfqWeight);
        if (!bfq && !folder.Has(Weight))
            throw LimitCheck.NotSupported(folder, "This kernel has no weights for block I/O: it has neither the BFQ scheduler nor the io.cost model.");
        string file = bfq ? BfqWeight : Weight;
        if (wantsWeight) folder.Write(file, Value(folder, file, io.Weight!.Value));
        foreach (OciWeightDevice device in io.WeightDevice ?? [])
        {
            if (device.Weight is not { } weight) continue;
            folder.Write(file, string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor} {Value(folder, file, weight)}"));
        }
    }

    private static long Value(CgroupFolder folder, string file, long weight)
    {
        LimitCheck.Range(folder, file, weight, LimitConversion.LeastBlockWeight, LimitConversion.MostBlockWeight);
        return file == BfqWeight ? weight : LimitConversion.IOWeightFromBlockWeight(weight);
    }

    private static void Throttle(CgroupFolder folder, string key, IReadOnlyList<OciThrottleDevice>? devices)
    {
        foreach (OciThrottleDevice device in devices ?? [])
        {
            // 0 takes a limit away on v1, where these documents come from; v2 refuses it and says "max".
            string rate = device.Rate == 0 ? "max" : device.Rate.ToString(CultureInfo.InvariantCulture);
            folder.Write(Max, string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor} {key}={rate}"));
        }
    }

    /// <summary><c>default 100</c> in the first line, or a bare number.</summary>
    private static long? DefaultLine(string? text)
    {
        if (text is null) return null;
        ReadOnlySpan<char> line = text.AsSpan();
        int end = line.IndexOf('\n');
        if (end >= 0) line = line[..end];
        if (line.StartsWith("default ", StringComparison.Ordinal)) line = line["default ".Length..];
        return long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long weight) ? weight : null;
    }
}
