using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>What is particular to Linux (config-linux.md).</summary>
internal sealed record OciLinux
{
    /// <summary>Namespaces to make or to join.</summary>
    public IReadOnlyList<OciNamespace>? Namespaces { get; init; }
    /// <summary>User id map.</summary>
    public IReadOnlyList<OciIdMapping>? UidMappings { get; init; }
    /// <summary>Group id map.</summary>
    public IReadOnlyList<OciIdMapping>? GidMappings { get; init; }
    /// <summary>Clock offsets of the time namespace, by <c>monotonic</c> and <c>boottime</c>.</summary>
    public IReadOnlyDictionary<string, OciTimeOffset>? TimeOffsets { get; init; }
    /// <summary>Device nodes to make, besides the default ones.</summary>
    public IReadOnlyList<OciDevice>? Devices { get; init; }
    /// <summary>The cgroup's path below each hierarchy's root.</summary>
    public string? CgroupsPath { get; init; }
    /// <summary>Limits.</summary>
    public OciResources? Resources { get; init; }
    /// <summary>Propagation of the root mount: <c>shared</c>, <c>slave</c>, <c>private</c>, <c>unbindable</c>, with or without <c>r</c> before it.</summary>
    public string? RootfsPropagation { get; init; }
    /// <summary>System call filter.</summary>
    public OciSeccomp? Seccomp { get; init; }
    /// <summary>Kernel parameters.</summary>
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }
    /// <summary>Paths the container cannot read.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }
    /// <summary>Paths the container cannot write.</summary>
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }
    /// <summary>SELinux label of the mounts.</summary>
    public string? MountLabel { get; init; }
    /// <summary>Execution domain (personality(2)).</summary>
    public OciPersonality? Personality { get; init; }
    /// <summary>Fields this runtime does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>A namespace; made anew, or joined where it has a path.</summary>
/// <param name="Type"><c>pid</c>, <c>network</c>, <c>mount</c>, <c>ipc</c>, <c>uts</c>, <c>user</c>, <c>cgroup</c>, <c>time</c>.</param>
/// <param name="Path">A namespace file to join.</param>
internal sealed record OciNamespace(string Type, string? Path = null);

/// <summary>A clock's offset.</summary>
internal sealed record OciTimeOffset(long Secs, uint Nanosecs);

/// <summary>A device node.</summary>
internal sealed record OciDevice
{
    /// <summary><c>c</c>, <c>b</c>, <c>u</c> or <c>p</c>.</summary>
    public required string Type { get; init; }
    /// <summary>Absolute path in the container.</summary>
    public required string Path { get; init; }
    /// <summary>Major number.</summary>
    public long Major { get; init; }
    /// <summary>Minor number.</summary>
    public long Minor { get; init; }
    /// <summary>Permission bits.</summary>
    public uint? FileMode { get; init; }
    /// <summary>Owner.</summary>
    public uint? Uid { get; init; }
    /// <summary>Group.</summary>
    public uint? Gid { get; init; }
}

/// <summary>personality(2).</summary>
internal sealed record OciPersonality(string Domain, IReadOnlyList<string>? Flags);

/// <summary>A system call filter (config-linux.md, Seccomp).</summary>
internal sealed record OciSeccomp
{
    /// <summary>What happens to calls that no rule names, <c>SCMP_ACT_…</c>.</summary>
    public required string DefaultAction { get; init; }
    /// <summary>The error number of the default action; EPERM if null.</summary>
    public uint? DefaultErrnoRet { get; init; }
    /// <summary><c>SCMP_ARCH_…</c> names; the native one is always included.</summary>
    public IReadOnlyList<string>? Architectures { get; init; }
    /// <summary><c>SECCOMP_FILTER_FLAG_…</c> names.</summary>
    public IReadOnlyList<string>? Flags { get; init; }
    /// <summary>Socket that gets the notify descriptor.</summary>
    public string? ListenerPath { get; init; }
    /// <summary>Text sent along with it.</summary>
    public string? ListenerMetadata { get; init; }
    /// <summary>The rules.</summary>
    public IReadOnlyList<OciSyscall>? Syscalls { get; init; }
}

/// <summary>A seccomp rule.</summary>
internal sealed record OciSyscall
{
    /// <summary>System calls by name; names the architecture does not have are skipped.</summary>
    public required IReadOnlyList<string> Names { get; init; }
    /// <summary>What happens, <c>SCMP_ACT_…</c>.</summary>
    public required string Action { get; init; }
    /// <summary>Error number for SCMP_ACT_ERRNO and message for SCMP_ACT_TRACE; EPERM if null.</summary>
    public uint? ErrnoRet { get; init; }
    /// <summary>Comparisons of arguments; all must hold.</summary>
    public IReadOnlyList<OciSeccompArg>? Args { get; init; }
}

/// <summary>A comparison of a system call's argument.</summary>
internal sealed record OciSeccompArg
{
    /// <summary>Which argument, 0 to 5.</summary>
    public required uint Index { get; init; }
    /// <summary>The value to compare with, or the mask for SCMP_CMP_MASKED_EQ.</summary>
    public required ulong Value { get; init; }
    /// <summary>The value for SCMP_CMP_MASKED_EQ.</summary>
    public ulong ValueTwo { get; init; }
    /// <summary><c>SCMP_CMP_NE|LT|LE|EQ|GE|GT|MASKED_EQ</c>.</summary>
    public required string Op { get; init; }
}
