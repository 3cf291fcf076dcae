namespace ContainerTools;

/// <summary>Which containers are meant. All conditions that are set must hold.</summary>
public sealed record ContainerFilter
{
    /// <summary>Every container.</summary>
    public static ContainerFilter All { get; } = new();
    /// <summary>States to keep; null for all.</summary>
    public IReadOnlyCollection<ContainerState>? States { get; init; }
    /// <summary>Labels that must be there; a null value asks for the key alone.</summary>
    public IReadOnlyDictionary<string, string?>? Labels { get; init; }
    /// <summary>The image, by reference or id.</summary>
    public string? Image { get; init; }
}

/// <summary>How a container is stopped.</summary>
public sealed record ContainerStopOptions
{
    /// <summary>The signal to send first; null for the container's own stop signal.</summary>
    public string? Signal { get; init; }
    /// <summary>How long to wait before SIGKILL; null for the container's own; zero kills at once.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>How a container is removed.</summary>
public sealed record ContainerRemoveOptions
{
    /// <summary>Kill it first if it runs.</summary>
    public bool Force { get; init; }
    /// <summary>Remove its anonymous volumes as well.</summary>
    public bool RemoveVolumes { get; init; }
}

/// <summary>What to read of a container's log.</summary>
public sealed record ContainerLogOptions
{
    /// <summary>Only the last so many lines; null for all.</summary>
    public int? Tail { get; init; }
    /// <summary>Only lines at or after this time.</summary>
    public DateTimeOffset? Since { get; init; }
    /// <summary>Only lines before this time.</summary>
    public DateTimeOffset? Until { get; init; }
    /// <summary>Go on reading until the container ends.</summary>
    public bool Follow { get; init; }
    /// <summary>Only this stream; null for both.</summary>
    public OutputStream? Stream { get; init; }
}

/// <summary>A command to be run in a running container.</summary>
public sealed record ContainerExecOptions
{
    /// <summary>Program and arguments; at least one.</summary>
    public required IReadOnlyList<string> Command { get; init; }
    /// <summary>Added to the container's environment.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
    /// <summary>The user; null for the container's own.</summary>
    public string? User { get; init; }
    /// <summary>The working directory; null for the container's own.</summary>
    public string? WorkingDirectory { get; init; }
    /// <summary>Run with a terminal; standard error then comes with standard output.</summary>
    public bool Terminal { get; init; }
    /// <summary>All capabilities and no seccomp profile.</summary>
    public bool Privileged { get; init; }
    /// <summary>Connect standard input; otherwise it reads as empty.</summary>
    public bool Interactive { get; init; }
    /// <summary>Start it and let it run.</summary>
    public bool Detach { get; init; }
}

/// <summary>Which streams of a running container to connect to.</summary>
public sealed record ContainerAttachOptions
{
    /// <summary>Connect standard input.</summary>
    public bool StandardInput { get; init; }
    /// <summary>Start with what the log holds already.</summary>
    public bool Replay { get; init; }
    /// <summary>
    /// Let the container wait when its output is not read, as in a pipe: for a foreground run, whose output must be complete. Otherwise
    /// a reader that falls far behind is disconnected.
    /// </summary>
    public bool HoldOutput { get; init; }
}

/// <summary>What to import and how to name it.</summary>
public sealed record ImageImportOptions
{
    /// <summary>Path of an archive (root file system tar, docker save, OCI; plain, gzip or zstd) or of an OCI image folder.</summary>
    public required string Path { get; init; }
    /// <summary>The reference to give it; null to take what the archive says.</summary>
    public string? Reference { get; init; }
    /// <summary>For a root file system: what containers are to run by default; null for nothing.</summary>
    public ImageConfiguration? Configuration { get; init; }
    /// <summary>For a root file system: a word for the history.</summary>
    public string? Message { get; init; }
    /// <summary>The platform to take from a multi-platform archive, <c>linux/arm64</c>; null for this machine's.</summary>
    public string? Platform { get; init; }
    /// <summary>Take all of a multi-platform image of an OCI archive or folder, to publish or export it whole; what this machine runs of it is the image for its own platform.</summary>
    public bool AllPlatforms { get; init; }
    /// <summary>
    /// The most bytes that one layer, or an archive that is compressed as a whole, may have once it is decompressed; null for 200 times its
    /// compressed size, but 4 GiB at least.
    /// </summary>
    public long? MaximumLayerSize { get; init; }
}

/// <summary>How an image is removed.</summary>
public sealed record ImageRemoveOptions
{
    /// <summary>Remove all its names, and also when stopped containers use it.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Remove the lines alone, and leave blobs and layers to <see cref="IStorageOperations.RemoveUnusedAsync"/> or to the next change: for who removes many images,
    /// because looking for what is left reads all documents of the store.
    /// </summary>
    public bool KeepPieces { get; init; }
}

/// <summary>A step of long work, for a progress bar.</summary>
/// <param name="Activity">What is being done, as a whole.</param>
/// <param name="Item">Which part of it; null for the whole.</param>
/// <param name="Completed">Bytes done.</param>
/// <param name="Total">Bytes in all; null if not known.</param>
public sealed record EngineProgress(string Activity, string? Item, long Completed, long? Total);
