using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Containers;

/// <summary>monitor.json: what the monitor of one run must know beyond the OCI bundle.</summary>
internal sealed record MonitorRecord
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary>The container's folder below the root.</summary>
    public required string ContainerFolder { get; init; }
    /// <summary>The symbolic link that holds the container's name; removed by auto-remove.</summary>
    public string? NameLink { get; init; }
    /// <summary>The log file, or null for none.</summary>
    public string? LogPath { get; init; }
    /// <summary>Bytes before the log is rotated; 0 for never.</summary>
    public long LogMaxSize { get; init; }
    /// <summary>Log files kept, the current one included.</summary>
    public int LogMaxFiles { get; init; } = 1;
    /// <summary>Keep standard input open for attaching; otherwise it is /dev/null.</summary>
    public bool Interactive { get; init; }
    /// <summary>Remove the container after its end.</summary>
    public bool AutoRemove { get; init; }
    /// <summary>When to start it again.</summary>
    public RestartCondition RestartCondition { get; init; }
    /// <summary>The most restarts in a row; 0 for no limit.</summary>
    public int RestartMaximum { get; init; }
    /// <summary>The number of the signal that asks the first process for an orderly end; sent when the monitor itself is asked to end.</summary>
    public int StopSignal { get; init; } = 15;
    /// <summary>Folders that go with an auto-remove container: its anonymous volumes.</summary>
    public IReadOnlyList<string> OwnedFolders { get; init; } = [];
}

/// <summary>What the first process of a run is doing.</summary>
internal enum RunStatus
{
    /// <summary>It is made and stops before execve (<c>ctrun create</c>).</summary>
    Created,
    /// <summary>It runs.</summary>
    Running,
    /// <summary>It has ended and will be started again.</summary>
    Restarting,
    /// <summary>It has ended for good; the monitor is tidying up.</summary>
    Exited,
}

/// <summary>state.json: one run, as its monitor sees it. Process start times are in clock ticks since boot (proc_pid_stat(5), field 22).</summary>
internal sealed record RunRecord
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary>What the first process is doing.</summary>
    public required RunStatus Status { get; init; }
    /// <summary>The first process's id on the host; 0 when there is none.</summary>
    public int ProcessId { get; init; }
    /// <summary>Its start time.</summary>
    public ulong ProcessStartTime { get; init; }
    /// <summary>The OCI bundle's folder, absolute.</summary>
    public required string Bundle { get; init; }
    /// <summary>The cgroup's path below each hierarchy's root; null for none.</summary>
    public string? CgroupPath { get; init; }
    /// <summary>The cgroup's <see cref="Cgroups.ICgroup.Identity"/>: its path may be used again.</summary>
    public ulong? CgroupIdentity { get; init; }
    /// <summary>When the container was created (<c>ctrun create</c>).</summary>
    public DateTimeOffset CreatedAt { get; init; }
    /// <summary>The monitor's process id; 0 where the container was made by <c>ctrun create</c> or <c>run</c> and has none.</summary>
    public required int MonitorProcessId { get; init; }
    /// <summary>The monitor's start time.</summary>
    public required ulong MonitorStartTime { get; init; }
    /// <summary>/proc/sys/kernel/random/boot_id when this was written.</summary>
    public required string BootId { get; init; }
    /// <summary>When the first process last started.</summary>
    public DateTimeOffset StartedAt { get; init; }
    /// <summary>Its processes stay in the session keyring of whoever starts them (<c>--no-new-keyring</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KeepsKeyring { get; init; }
    /// <summary>How often the restart policy has started it again.</summary>
    public int RestartCount { get; init; }
    /// <summary>The end of the run before, while restarting or exited.</summary>
    public int? ExitCode { get; init; }
}

/// <summary>exit.json: how the last run ended.</summary>
internal sealed record ExitRecord
{
    /// <summary>Exit status, or 128 + signal.</summary>
    public required int ExitCode { get; init; }
    /// <summary>When it started; null if it could not be started.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it ended.</summary>
    public required DateTimeOffset FinishedAt { get; init; }
    /// <summary>Whether the out-of-memory killer struck.</summary>
    public bool OomKilled { get; init; }
    /// <summary>What went wrong, or null.</summary>
    public string? Error { get; init; }
    /// <summary>How often the restart policy started it again.</summary>
    public int RestartCount { get; init; }
}

/// <summary>The one line a monitor writes to whoever spawned it.</summary>
internal sealed record MonitorReport
{
    /// <summary><c>running</c> or <c>failed</c>.</summary>
    public required string Status { get; init; }
    /// <summary>The first process's id on the host.</summary>
    public int ProcessId { get; init; }
    /// <summary>The kind of failure.</summary>
    public ErrorCode? Code { get; init; }
    /// <summary>The failure in one sentence.</summary>
    public string? Message { get; init; }
    /// <summary>127 or 126 where the command could not be executed, else 125.</summary>
    public int? ExitCode { get; init; }
}

/// <summary>Source-generated JSON of the run's records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(MonitorRecord))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(ExitRecord))]
[JsonSerializable(typeof(MonitorReport))]
internal sealed partial class RunJson : JsonSerializerContext;
