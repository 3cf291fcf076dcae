using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>A process in a container (config.md, Process); also the document of <c>ctrun exec --process</c>.</summary>
internal sealed record OciProcess
{
    /// <summary>Whether it has a terminal.</summary>
    public bool Terminal { get; init; }
    /// <summary>The terminal's size.</summary>
    public OciBox? ConsoleSize { get; init; }
    /// <summary>Who it runs as.</summary>
    public OciUser User { get; init; } = new();
    /// <summary>The command line.</summary>
    public IReadOnlyList<string>? Args { get; init; }
    /// <summary>The environment, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string>? Env { get; init; }
    /// <summary>The working directory, absolute.</summary>
    public required string Cwd { get; init; }
    /// <summary>The capability sets (capabilities(7)); null leaves none.</summary>
    public OciCapabilities? Capabilities { get; init; }
    /// <summary>Resource limits (setrlimit(2)).</summary>
    public IReadOnlyList<OciRlimit>? Rlimits { get; init; }
    /// <summary>PR_SET_NO_NEW_PRIVS.</summary>
    public bool NoNewPrivileges { get; init; }
    /// <summary>AppArmor profile.</summary>
    public string? ApparmorProfile { get; init; }
    /// <summary>/proc/self/oom_score_adj.</summary>
    public int? OomScoreAdj { get; init; }
    /// <summary>SELinux label.</summary>
    public string? SelinuxLabel { get; init; }
    /// <summary>Input and output priority (ioprio_set(2)).</summary>
    public OciIoPriority? IoPriority { get; init; }
    /// <summary>Scheduling policy (sched_setattr(2)).</summary>
    public OciScheduler? Scheduler { get; init; }
    /// <summary>CPU affinity of a process that is executed later.</summary>
    public OciExecCpuAffinity? ExecCPUAffinity { get; init; }
    /// <summary>Fields this runtime does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>A size in character cells.</summary>
internal sealed record OciBox(uint Height, uint Width);

/// <summary>Who a process runs as.</summary>
internal sealed record OciUser
{
    /// <summary>User id inside the container.</summary>
    public uint Uid { get; init; }
    /// <summary>Group id inside the container.</summary>
    public uint Gid { get; init; }
    /// <summary>umask(2), or null to leave the default 0022.</summary>
    public uint? Umask { get; init; }
    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint>? AdditionalGids { get; init; }
    /// <summary>
    /// Our use of a field that the specification has for Windows: <c>user[:group]</c>, names or numbers, looked up at launch in the
    /// passwd(5) and group(5) files of the container's root; it then replaces <see cref="Uid"/> and <see cref="Gid"/>.
    /// </summary>
    public string? Username { get; init; }
    /// <summary>Supplementary groups by name or number, looked up as <see cref="Username"/> is; added to <see cref="AdditionalGids"/>.</summary>
    public IReadOnlyList<string>? AdditionalGroupNames { get; init; }
}

/// <summary>The five capability sets, names as <c>CAP_CHOWN</c>.</summary>
internal sealed record OciCapabilities
{
    /// <summary>The most a process can ever get by execve.</summary>
    public IReadOnlyList<string>? Bounding { get; init; }
    /// <summary>In force.</summary>
    public IReadOnlyList<string>? Effective { get; init; }
    /// <summary>Kept over execve of a file with inheritable capabilities.</summary>
    public IReadOnlyList<string>? Inheritable { get; init; }
    /// <summary>May be put in force.</summary>
    public IReadOnlyList<string>? Permitted { get; init; }
    /// <summary>Kept over execve of any file.</summary>
    public IReadOnlyList<string>? Ambient { get; init; }
}

/// <summary>One limit of setrlimit(2); <see cref="ulong.MaxValue"/> is RLIM_INFINITY.</summary>
internal sealed record OciRlimit(string Type, ulong Soft, ulong Hard);

/// <summary>ioprio_set(2): class <c>IOPRIO_CLASS_RT|BE|IDLE</c> and level 0 to 7.</summary>
internal sealed record OciIoPriority(string Class, int Priority);

/// <summary>sched_setattr(2).</summary>
internal sealed record OciScheduler
{
    /// <summary><c>SCHED_OTHER</c>, <c>SCHED_FIFO</c>, …</summary>
    public required string Policy { get; init; }
    /// <summary>Nice value.</summary>
    public int? Nice { get; init; }
    /// <summary>Static priority of the real-time policies.</summary>
    public int? Priority { get; init; }
    /// <summary><c>SCHED_FLAG_…</c> names.</summary>
    public IReadOnlyList<string>? Flags { get; init; }
    /// <summary>Nanoseconds (deadline policy).</summary>
    public ulong? Runtime { get; init; }
    /// <summary>Nanoseconds (deadline policy).</summary>
    public ulong? Deadline { get; init; }
    /// <summary>Nanoseconds (deadline policy).</summary>
    public ulong? Period { get; init; }
}

/// <summary>CPU lists for a process executed in a running container.</summary>
internal sealed record OciExecCpuAffinity(string? Initial, string? Final);
