namespace ContainerTools;

/// <summary>A container as it was at one moment. An immutable snapshot: ask the engine again for news.</summary>
public sealed record Container
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }
    /// <summary>The unique name.</summary>
    public required string Name { get; init; }
    /// <summary>The image as the user named it.</summary>
    public required string Image { get; init; }
    /// <summary>The digest of the image's configuration, <c>sha256:…</c>.</summary>
    public required string ImageId { get; init; }
    /// <summary>Where the container is in its life.</summary>
    public required ContainerState State { get; init; }
    /// <summary>The full command line: entry point and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>When its first process last started, or null if it never did.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When its first process last ended, or null if it runs or never did.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>
    /// How its first process ended: the exit status, or 128 + the signal's number; 127 and 126 where the command could not
    /// be found or executed. Null while it runs and before the first start.
    /// </summary>
    public int? ExitCode { get; init; }
    /// <summary>Whether the kernel's out-of-memory killer struck in the last run.</summary>
    public bool OomKilled { get; init; }
    /// <summary>Why the last start failed or the run was lost, in one sentence; null if all went well.</summary>
    public string? Error { get; init; }
    /// <summary>The host's process id of the first process, or null when it does not run.</summary>
    public int? ProcessId { get; init; }
    /// <summary>The monitor's process id, or null when it does not run.</summary>
    public int? MonitorProcessId { get; init; }
    /// <summary>How often the restart policy has started it again.</summary>
    public int RestartCount { get; init; }
    /// <summary>The labels, image's and container's together.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
    /// <summary>Everything else that was asked for. Never null.</summary>
    public required ContainerConfiguration Configuration { get; init; }
    /// <summary>What whoever has started it, or put it into a network, should know: what was changed on the machine for it.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
    /// <summary>Its places in networks; empty when it does not run.</summary>
    public IReadOnlyList<ContainerEndpoint> Endpoints { get; init; } = [];
    /// <summary>The ports of the host that lead to it; with those the engine has chosen while it runs.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];
    /// <summary>The path of the container's log, or null if it has none.</summary>
    public string? LogPath { get; init; }

    /// <summary>The first twelve digits of <see cref="Id"/>, as people read it.</summary>
    public string ShortId => Id.Length > 12 ? Id[..12] : Id;

    /// <summary>How long it has been running, or ran; null if it never did.</summary>
    public TimeSpan? RunTime => StartedAt is { } started ? (FinishedAt ?? DateTimeOffset.UtcNow) - started : null;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
