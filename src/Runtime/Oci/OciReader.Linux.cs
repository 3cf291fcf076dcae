using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>What is particular to Linux.</summary>
internal static partial class OciReader
{
    private static OciLinux Linux(ref JsonCursor cursor)
    {
        IReadOnlyList<OciNamespace>? namespaces = null;
        IReadOnlyList<OciIdMapping>? uidMappings = null, gidMappings = null;
        IReadOnlyDictionary<string, OciTimeOffset>? timeOffsets = null;
        IReadOnlyList<OciDevice>? devices = null;
        string? cgroupsPath = null, rootfsPropagation = null, mountLabel = null;
        OciResources? resources = null;
        OciSeccomp? seccomp = null;
        IReadOnlyDictionary<string, string>? sysctl = null;
        IReadOnlyList<string>? maskedPaths = null, readonlyPaths = null;
        OciPersonality? personality = null;
        Dictionary<string, JsonElement>? unknown = null;
        while (cursor.Member())
        {
            if (cursor.Is("namespaces"u8)) namespaces = cursor.Objects(static (ref JsonCursor item) => Namespace(ref item));
            else if (cursor.Is("uidMappings"u8)) uidMappings = IdMappings(ref cursor);
            else if (cursor.Is("gidMappings"u8)) gidMappings = IdMappings(ref cursor);
            else if (cursor.Is("timeOffsets"u8)) timeOffsets = cursor.ObjectMap(static (ref JsonCursor item) => TimeOffset(ref item));
            else if (cursor.Is("devices"u8)) devices = cursor.Objects(static (ref JsonCursor item) => Device(ref item));
            else if (cursor.Is("cgroupsPath"u8)) cgroupsPath = cursor.Text();
            else if (cursor.Is("resources"u8)) resources = cursor.Object() ? Resources(ref cursor) : null;
            else if (cursor.Is("rootfsPropagation"u8)) rootfsPropagation = cursor.Text();
            else if (cursor.Is("seccomp"u8)) seccomp = cursor.Object() ? Seccomp(ref cursor) : null;
            else if (cursor.Is("sysctl"u8)) sysctl = cursor.TextMap();
            else if (cursor.Is("maskedPaths"u8)) maskedPaths = cursor.Texts();
            else if (cursor.Is("readonlyPaths"u8)) readonlyPaths = cursor.Texts();
            else if (cursor.Is("mountLabel"u8)) mountLabel = cursor.Text();
            else if (cursor.Is("personality"u8)) personality = cursor.Object() ? Personality(ref cursor) : null;
            else cursor.Keep(ref unknown);
        }

        return new OciLinux
        {
            Namespaces = namespaces,
            UidMappings = uidMappings,
            GidMappings = gidMappings,
            TimeOffsets = timeOffsets,
            Devices = devices,
            CgroupsPath = cgroupsPath,
            Resources = resources,
            RootfsPropagation = rootfsPropagation,
            Seccomp = seccomp,
            Sysctl = sysctl,
            MaskedPaths = maskedPaths,
            ReadonlyPaths = readonlyPaths,
            MountLabel = mountLabel,
            Personality = personality,
            Unknown = unknown,
        };
    }

    private static OciNamespace Namespace(ref JsonCursor cursor)
    {
        string? type = null, path = null;
        while (cursor.Member())
        {
            if (cursor.Is("type"u8)) type = cursor.Text();
            else if (cursor.Is("path"u8)) path = cursor.Text();
            else cursor.Skip();
        }

        return new OciNamespace(type ?? throw cursor.Missing("type"), path);
    }

    private static OciTimeOffset TimeOffset(ref JsonCursor cursor)
    {
        long seconds = 0;
        uint nanoseconds = 0;
        while (cursor.Member())
        {
            if (cursor.Is("secs"u8)) seconds = cursor.Int64() ?? 0;
            else if (cursor.Is("nanosecs"u8)) nanoseconds = cursor.UInt32() ?? 0;
            else cursor.Skip();
        }

        return new OciTimeOffset(seconds, nanoseconds);
    }

    private static OciDevice Device(ref JsonCursor cursor)
    {
        string? type = null, path = null;
        long major = 0, minor = 0;
        uint? fileMode = null, uid = null, gid = null;
        while (cursor.Member())
        {
            if (cursor.Is("type"u8)) type = cursor.Text();
            else if (cursor.Is("path"u8)) path = cursor.Text();
            else if (cursor.Is("major"u8)) major = cursor.Int64() ?? 0;
            else if (cursor.Is("minor"u8)) minor = cursor.Int64() ?? 0;
            else if (cursor.Is("fileMode"u8)) fileMode = cursor.UInt32();
            else if (cursor.Is("uid"u8)) uid = cursor.UInt32();
            else if (cursor.Is("gid"u8)) gid = cursor.UInt32();
            else cursor.Skip();
        }

        return new OciDevice
        {
            Type = type ?? throw cursor.Missing("type"),
            Path = path ?? throw cursor.Missing("path"),
            Major = major,
            Minor = minor,
            FileMode = fileMode,
            Uid = uid,
            Gid = gid,
        };
    }

    private static OciPersonality Personality(ref JsonCursor cursor)
    {
        string? domain = null;
        IReadOnlyList<string>? flags = null;
        while (cursor.Member())
        {
            if (cursor.Is("domain"u8)) domain = cursor.Text();
            else if (cursor.Is("flags"u8)) flags = cursor.Texts();
            else cursor.Skip();
        }

        return new OciPersonality(domain ?? throw cursor.Missing("domain"), flags);
    }

    private static OciSeccomp Seccomp(ref JsonCursor cursor)
    {
        string? defaultAction = null, listenerPath = null, listenerMetadata = null;
        uint? defaultErrnoRet = null;
        IReadOnlyList<string>? architectures = null, flags = null;
        IReadOnlyList<OciSyscall>? syscalls = null;
        while (cursor.Member())
        {
            if (cursor.Is("defaultAction"u8)) defaultAction = cursor.Text();
            else if (cursor.Is("defaultErrnoRet"u8)) defaultErrnoRet = cursor.UInt32();
            else if (cursor.Is("architectures"u8)) architectures = cursor.Texts();
            else if (cursor.Is("flags"u8)) flags = cursor.Texts();
            else if (cursor.Is("listenerPath"u8)) listenerPath = cursor.Text();
            else if (cursor.Is("listenerMetadata"u8)) listenerMetadata = cursor.Text();
            else if (cursor.Is("syscalls"u8)) syscalls = cursor.Objects(static (ref JsonCursor item) => Syscall(ref item));
            else cursor.Skip();
        }

        return new OciSeccomp
        {
            DefaultAction = defaultAction ?? throw cursor.Missing("defaultAction"),
            DefaultErrnoRet = defaultErrnoRet,
            Architectures = architectures,
            Flags = flags,
            ListenerPath = listenerPath,
            ListenerMetadata = listenerMetadata,
            Syscalls = syscalls,
        };
    }

    private static OciSyscall Syscall(ref JsonCursor cursor)
    {
        IReadOnlyList<string>? names = null;
        string? action = null;
        uint? errnoRet = null;
        IReadOnlyList<OciSeccompArg>? args = null;
        while (cursor.Member())
        {
            if (cursor.Is("names"u8)) names = cursor.Texts();
            else if (cursor.Is("action"u8)) action = cursor.Text();
            else if (cursor.Is("errnoRet"u8)) errnoRet = cursor.UInt32();
            else if (cursor.Is("args"u8)) args = cursor.Objects(static (ref JsonCursor item) => SeccompArg(ref item));
            else cursor.Skip();
        }

        return new OciSyscall
        {
            Names = names ?? throw cursor.Missing("names"),
            Action = action ?? throw cursor.Missing("action"),
            ErrnoRet = errnoRet,
            Args = args,
        };
    }

    private static OciSeccompArg SeccompArg(ref JsonCursor cursor)
    {
        uint? index = null;
        ulong? value = null;
        ulong valueTwo = 0;
        string? operation = null;
        while (cursor.Member())
        {
            if (cursor.Is("index"u8)) index = cursor.UInt32();
            else if (cursor.Is("value"u8)) value = cursor.UInt64();
            else if (cursor.Is("valueTwo"u8)) valueTwo = cursor.UInt64() ?? 0;
            else if (cursor.Is("op"u8)) operation = cursor.Text();
            else cursor.Skip();
        }

        return new OciSeccompArg
        {
            Index = index ?? throw cursor.Missing("index"),
            Value = value ?? throw cursor.Missing("value"),
            ValueTwo = valueTwo,
            Op = operation ?? throw cursor.Missing("op"),
        };
    }
}
