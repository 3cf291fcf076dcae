using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>The limits.</summary>
internal static partial class OciReader
{
    private static OciResources Resources(ref JsonCursor cursor)
    {
        IReadOnlyList<OciDeviceRule>? devices = null;
        OciMemory? memory = null;
        OciCpu? cpu = null;
        OciPids? pids = null;
        OciBlockIO? blockIO = null;
        IReadOnlyList<OciHugepageLimit>? hugepageLimits = null;
        OciNetwork? network = null;
        IReadOnlyDictionary<string, OciRdma>? rdma = null;
        IReadOnlyDictionary<string, string>? unified = null;
        Dictionary<string, JsonElement>? unknown = null;
        while (cursor.Member())
        {
            if (cursor.Is("devices"u8)) devices = cursor.Objects(static (ref JsonCursor item) => DeviceRule(ref item));
            else if (cursor.Is("memory"u8)) memory = cursor.Object() ? Memory(ref cursor) : null;
            else if (cursor.Is("cpu"u8)) cpu = cursor.Object() ? Cpu(ref cursor) : null;
            else if (cursor.Is("pids"u8)) pids = cursor.Object() ? Pids(ref cursor) : null;
            else if (cursor.Is("blockIO"u8)) blockIO = cursor.Object() ? BlockIO(ref cursor) : null;
            else if (cursor.Is("hugepageLimits"u8)) hugepageLimits = cursor.Objects(static (ref JsonCursor item) => HugepageLimit(ref item));
            else if (cursor.Is("network"u8)) network = cursor.Object() ? Network(ref cursor) : null;
            else if (cursor.Is("rdma"u8)) rdma = cursor.ObjectMap(static (ref JsonCursor item) => Rdma(ref item));
            else if (cursor.Is("unified"u8)) unified = cursor.TextMap();
            else cursor.Keep(ref unknown);
        }

        return new OciResources
        {
            Devices = devices,
            Memory = memory,
            Cpu = cpu,
            Pids = pids,
            BlockIO = blockIO,
            HugepageLimits = hugepageLimits,
            Network = network,
            Rdma = rdma,
            Unified = unified,
            Unknown = unknown,
        };
    }

    private static OciDeviceRule DeviceRule(ref JsonCursor cursor)
    {
        bool? allow = null;
        string? type = null, access = null;
        long? major = null, minor = null;
        while (cursor.Member())
        {
            if (cursor.Is("allow"u8)) allow = cursor.Flag();
            else if (cursor.Is("type"u8)) type = cursor.Text();
            else if (cursor.Is("major"u8)) major = cursor.Int64();
            else if (cursor.Is("minor"u8)) minor = cursor.Int64();
            else if (cursor.Is("access"u8)) access = cursor.Text();
            else cursor.Skip();
        }

        return new OciDeviceRule { Allow = allow ?? throw cursor.Missing("allow"), Type = type, Major = major, Minor = minor, Access = access };
    }

    private static OciMemory Memory(ref JsonCursor cursor)
    {
        long? limit = null, reservation = null, swap = null, kernel = null, kernelTcp = null;
        ulong? swappiness = null;
        bool? disableOomKiller = null, useHierarchy = null, checkBeforeUpdate = null;
        while (cursor.Member())
        {
            if (cursor.Is("limit"u8)) limit = cursor.Int64();
            else if (cursor.Is("reservation"u8)) reservation = cursor.Int64();
            else if (cursor.Is("swap"u8)) swap = cursor.Int64();
            else if (cursor.Is("kernel"u8)) kernel = cursor.Int64();
            else if (cursor.Is("kernelTCP"u8)) kernelTcp = cursor.Int64();
            else if (cursor.Is("swappiness"u8)) swappiness = cursor.UInt64();
            else if (cursor.Is("disableOOMKiller"u8)) disableOomKiller = cursor.Flag();
            else if (cursor.Is("useHierarchy"u8)) useHierarchy = cursor.Flag();
            else if (cursor.Is("checkBeforeUpdate"u8)) checkBeforeUpdate = cursor.Flag();
            else cursor.Skip();
        }

        return new OciMemory
        {
            Limit = limit,
            Reservation = reservation,
            Swap = swap,
            Kernel = kernel,
            KernelTCP = kernelTcp,
            Swappiness = swappiness,
            DisableOOMKiller = disableOomKiller,
            UseHierarchy = useHierarchy,
            CheckBeforeUpdate = checkBeforeUpdate,
        };
    }

    private static OciCpu Cpu(ref JsonCursor cursor)
    {
        ulong? shares = null, burst = null, period = null, realtimePeriod = null;
        long? quota = null, realtimeRuntime = null, idle = null;
        string? cpus = null, mems = null;
        while (cursor.Member())
        {
            if (cursor.Is("shares"u8)) shares = cursor.UInt64();
            else if (cursor.Is("quota"u8)) quota = cursor.Int64();
            else if (cursor.Is("burst"u8)) burst = cursor.UInt64();
            else if (cursor.Is("period"u8)) period = cursor.UInt64();
            else if (cursor.Is("realtimeRuntime"u8)) realtimeRuntime = cursor.Int64();
            else if (cursor.Is("realtimePeriod"u8)) realtimePeriod = cursor.UInt64();
            else if (cursor.Is("cpus"u8)) cpus = cursor.Text();
            else if (cursor.Is("mems"u8)) mems = cursor.Text();
            else if (cursor.Is("idle"u8)) idle = cursor.Int64();
            else cursor.Skip();
        }

        return new OciCpu
        {
            Shares = shares,
            Quota = quota,
            Burst = burst,
            Period = period,
            RealtimeRuntime = realtimeRuntime,
            RealtimePeriod = realtimePeriod,
            Cpus = cpus,
            Mems = mems,
            Idle = idle,
        };
    }

    private static OciPids Pids(ref JsonCursor cursor)
    {
        long? limit = null;
        while (cursor.Member())
        {
            if (cursor.Is("limit"u8)) limit = cursor.Int64();
            else cursor.Skip();
        }

        return new OciPids { Limit = limit };
    }

    private static OciBlockIO BlockIO(ref JsonCursor cursor)
    {
        ushort? weight = null, leafWeight = null;
        IReadOnlyList<OciWeightDevice>? weightDevice = null;
        IReadOnlyList<OciThrottleDevice>? readBps = null, writeBps = null, readIops = null, writeIops = null;
        while (cursor.Member())
        {
            if (cursor.Is("weight"u8)) weight = cursor.UInt16();
            else if (cursor.Is("leafWeight"u8)) leafWeight = cursor.UInt16();
            else if (cursor.Is("weightDevice"u8)) weightDevice = cursor.Objects(static (ref JsonCursor item) => WeightDevice(ref item));
            else if (cursor.Is("throttleReadBpsDevice"u8)) readBps = ThrottleDevices(ref cursor);
            else if (cursor.Is("throttleWriteBpsDevice"u8)) writeBps = ThrottleDevices(ref cursor);
            else if (cursor.Is("throttleReadIOPSDevice"u8)) readIops = ThrottleDevices(ref cursor);
            else if (cursor.Is("throttleWriteIOPSDevice"u8)) writeIops = ThrottleDevices(ref cursor);
            else cursor.Skip();
        }

        return new OciBlockIO
        {
            Weight = weight,
            LeafWeight = leafWeight,
            WeightDevice = weightDevice,
            ThrottleReadBpsDevice = readBps,
            ThrottleWriteBpsDevice = writeBps,
            ThrottleReadIOPSDevice = readIops,
            ThrottleWriteIOPSDevice = writeIops,
        };
    }

    private static OciWeightDevice WeightDevice(ref JsonCursor cursor)
    {
        long major = 0, minor = 0;
        ushort? weight = null, leafWeight = null;
        while (cursor.Member())
        {
            if (cursor.Is("major"u8)) major = cursor.Int64() ?? 0;
            else if (cursor.Is("minor"u8)) minor = cursor.Int64() ?? 0;
            else if (cursor.Is("weight"u8)) weight = cursor.UInt16();
            else if (cursor.Is("leafWeight"u8)) leafWeight = cursor.UInt16();
            else cursor.Skip();
        }

        return new OciWeightDevice(major, minor, weight, leafWeight);
    }

    private static IReadOnlyList<OciThrottleDevice>? ThrottleDevices(ref JsonCursor cursor) => cursor.Objects(static (ref JsonCursor item) =>
    {
        long major = 0, minor = 0;
        ulong rate = 0;
        while (item.Member())
        {
            if (item.Is("major"u8)) major = item.Int64() ?? 0;
            else if (item.Is("minor"u8)) minor = item.Int64() ?? 0;
            else if (item.Is("rate"u8)) rate = item.UInt64() ?? 0;
            else item.Skip();
        }

        return new OciThrottleDevice(major, minor, rate);
    });

    private static OciHugepageLimit HugepageLimit(ref JsonCursor cursor)
    {
        string? pageSize = null;
        ulong limit = 0;
        while (cursor.Member())
        {
            if (cursor.Is("pageSize"u8)) pageSize = cursor.Text();
            else if (cursor.Is("limit"u8)) limit = cursor.UInt64() ?? 0;
            else cursor.Skip();
        }

        return new OciHugepageLimit(pageSize ?? throw cursor.Missing("pageSize"), limit);
    }

    private static OciNetwork Network(ref JsonCursor cursor)
    {
        uint? classId = null;
        IReadOnlyList<OciInterfacePriority>? priorities = null;
        while (cursor.Member())
        {
            if (cursor.Is("classID"u8)) classId = cursor.UInt32();
            else if (cursor.Is("priorities"u8)) priorities = cursor.Objects(static (ref JsonCursor item) => InterfacePriority(ref item));
            else cursor.Skip();
        }

        return new OciNetwork { ClassID = classId, Priorities = priorities };
    }

    private static OciInterfacePriority InterfacePriority(ref JsonCursor cursor)
    {
        string? name = null;
        uint priority = 0;
        while (cursor.Member())
        {
            if (cursor.Is("name"u8)) name = cursor.Text();
            else if (cursor.Is("priority"u8)) priority = cursor.UInt32() ?? 0;
            else cursor.Skip();
        }

        return new OciInterfacePriority(name ?? throw cursor.Missing("name"), priority);
    }

    private static OciRdma Rdma(ref JsonCursor cursor)
    {
        uint? handles = null, objects = null;
        while (cursor.Member())
        {
            if (cursor.Is("hcaHandles"u8)) handles = cursor.UInt32();
            else if (cursor.Is("hcaObjects"u8)) objects = cursor.UInt32();
            else cursor.Skip();
        }

        return new OciRdma(handles, objects);
    }
}
