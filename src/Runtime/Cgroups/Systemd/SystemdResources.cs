using System.Globalization;
using ContainerTools.Runtime.Cgroups.Devices;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>
/// Limits as systemd's properties (systemd.resource-control(5)). systemd owns the files of a scope and writes them again when it reloads, so what it knows has to
/// be told to it as well; what it does not know is written to the cgroup alone.
/// </summary>
internal static class SystemdResources
{
    // systemd rounds CPUQuotaPerSecUSec down to 10 ms, which would be less than was asked for.
    private const ulong QuotaStep = 10_000;
    private const ulong Second = 1_000_000;
    private const ulong DefaultPeriod = 100_000;

    // The first versions that know them (systemd's NEWS).
    private const int QuotaPeriodVersion = 242;
    private const int ProcessorSetVersion = 244;
    private const int IdleVersion = 252;

    /// <summary>The properties of a change of limits; what is null stays as it is.</summary>
    /// <param name="resources">The limits.</param>
    /// <param name="isV2">Whether the machine's controllers are cgroup v2's.</param>
    /// <param name="version">systemd's version; asked only where something depends on it.</param>
    /// <param name="deviceGroups">The name of a device's group in /proc/devices, by type and major number; null where there is none.</param>
    public static IReadOnlyList<SystemdProperty> Of(OciResources resources, bool isV2, Func<int> version, Func<char, uint, string?> deviceGroups)
    {
        List<SystemdProperty> properties = [];
        if (resources.Memory is { } memory) AddMemory(properties, memory, isV2);
        if (resources.Cpu is { } cpu) AddProcessor(properties, cpu, isV2, version);
        if (resources.Pids?.Limit is { } processes and not 0) properties.Add(new("TasksMax", Number(processes)));
        if (resources.BlockIO?.Weight is { } weight and > 0)
        {
            properties.Add(isV2 ? new("IOWeight", (ulong)LimitConversion.IOWeightFromBlockWeight(weight)) : new("BlockIOWeight", (ulong)weight));
        }

        if (isV2 && resources.Unified is { } unified) AddUnified(properties, unified);
        if (resources.Devices is { } devices) AddDevices(properties, devices, deviceGroups);
        return properties;
    }

    private static void AddMemory(List<SystemdProperty> properties, OciMemory memory, bool isV2)
    {
        if (memory.Limit is { } limit and not 0) properties.Add(new(isV2 ? "MemoryMax" : "MemoryLimit", Number(limit)));
        if (!isV2) return;
        if (memory.Reservation is { } reservation and not 0) properties.Add(new("MemoryLow", Number(reservation)));
        // The specification's is the sum of both, systemd's is swap alone.
        if (memory.Swap == -1 || (memory.Limit == -1 && memory.Swap is null or 0)) properties.Add(new("MemorySwapMax", SystemdProperty.Infinity));
        else if (memory is { Swap: > 0, Limit: > 0 } && memory.Swap >= memory.Limit) properties.Add(new("MemorySwapMax", (ulong)(memory.Swap - memory.Limit)));
    }

    private static void AddProcessor(List<SystemdProperty> properties, OciCpu cpu, bool isV2, Func<int> version)
    {
        if (isV2 && cpu.Idle == 1 && version() >= IdleVersion) properties.Add(new("CPUWeight", 0ul));
        else if (cpu.Shares is { } shares and not 0)
        {
            properties.Add(isV2 ? new("CPUWeight", (ulong)LimitConversion.WeightFromShares((long)Math.Min(shares, long.MaxValue))) : new("CPUShares", shares));
        }

        if (cpu.Period is { } period and not 0 && version() >= QuotaPeriodVersion) properties.Add(new("CPUQuotaPeriodUSec", period));
        if (cpu.Quota is { } quota and not 0) properties.Add(new("CPUQuotaPerSecUSec", QuotaPerSecond(quota, cpu.Period is { } given and not 0 ? given : DefaultPeriod)));
        if (!isV2 || (string.IsNullOrEmpty(cpu.Cpus) && string.IsNullOrEmpty(cpu.Mems)) || version() < ProcessorSetVersion) return;
        if (Bits(cpu.Cpus) is { } processors) properties.Add(new("AllowedCPUs", processors));
        if (Bits(cpu.Mems) is { } nodes) properties.Add(new("AllowedMemoryNodes", nodes));
    }

    private static ulong QuotaPerSecond(long quota, ulong period)
    {
        if (quota < 0) return SystemdProperty.Infinity;
        UInt128 share = (UInt128)(ulong)quota * Second / period;
        UInt128 rounded = (share + QuotaStep - 1) / QuotaStep * QuotaStep;
        return rounded < ulong.MaxValue ? (ulong)rounded : SystemdProperty.Infinity;
    }

    private static void AddUnified(List<SystemdProperty> properties, IReadOnlyDictionary<string, string> unified)
    {
        foreach ((string file, string value) in unified)
        {
            string? name = file switch
            {
                "memory.high" => "MemoryHigh",
                "memory.low" => "MemoryLow",
                "memory.min" => "MemoryMin",
                "memory.max" => "MemoryMax",
                "memory.swap.max" => "MemorySwapMax",
                "pids.max" => "TasksMax",
                "cpu.weight" => "CPUWeight",
                _ => null,
            };
            if (name is null) continue;
            if (value == "max") properties.Add(new(name, SystemdProperty.Infinity));
            else if (ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)) properties.Add(new(name, number));
        }
    }

    private static void AddDevices(List<SystemdProperty> properties, IReadOnlyList<OciDeviceRule> rules, Func<char, uint, string?> groups)
    {
        DeviceRuleSet set = DeviceRuleSet.Of(rules);
        if (set.AllowsByDefault)
        {
            // What is denied by exception systemd cannot say; the cgroup's own rules do.
            properties.Add(new("DevicePolicy", "auto"));
            properties.Add(new("DeviceAllow", Array.Empty<(string, string)>()));
            return;
        }

        List<(string, string)> allowed = [];
        foreach ((DeviceKey device, DeviceAccess access) in set.Exceptions)
        {
            if (NameOf(device, groups) is { } name) allowed.Add((name, Letters(access)));
        }

        properties.Add(new("DevicePolicy", "strict"));
        properties.Add(new("DeviceAllow", allowed.ToArray()));
    }

    private static string? NameOf(DeviceKey device, Func<char, uint, string?> groups)
    {
        string type = device.Type == 'c' ? "char" : "block";
        if (device.Major is not { } major) return type + "-*";
        if (device.Minor is { } minor) return string.Create(CultureInfo.InvariantCulture, $"/dev/{type}/{major}:{minor}");
        // A group without a driver has no device either.
        return groups(device.Type, major) is { } group ? $"{type}-{group}" : null;
    }

    private static string Letters(DeviceAccess access)
        => ((access & DeviceAccess.Read) != 0 ? "r" : "") + ((access & DeviceAccess.Write) != 0 ? "w" : "") + ((access & DeviceAccess.Make) != 0 ? "m" : "");

    private static byte[]? Bits(string? list)
    {
        if (string.IsNullOrEmpty(list) || LimitConversion.ParseList(list) is not { Count: > 0 } numbers) return null;
        byte[] bits = new byte[(numbers.Max() / 8) + 1];
        foreach (int number in numbers) bits[number / 8] |= (byte)(1 << (number % 8));
        return bits;
    }

    private static ulong Number(long value) => value < 0 ? SystemdProperty.Infinity : (ulong)value;
}
