namespace ContainerTools;

/// <summary>How a container becomes an image. What is null stays as the container has it.</summary>
public sealed record ContainerCommitOptions
{
    /// <summary>The name of the new image; null for an image without one.</summary>
    public string? Reference { get; init; }
    /// <summary>Who made it.</summary>
    public string? Author { get; init; }
    /// <summary>A word for the history.</summary>
    public string? Message { get; init; }
    /// <summary>Freeze a running container while its files are read, so that they fit each other.</summary>
    public bool Pause { get; init; } = true;
    /// <summary>
    /// Makes the image reproducible: it is of this time, and no file is younger (reproducible-builds.org, SOURCE_DATE_EPOCH). Null for now.
    /// </summary>
    public DateTimeOffset? SourceDateEpoch { get; init; }
    /// <summary>Replaces the command; an empty list clears it.</summary>
    public IReadOnlyList<string>? Command { get; init; }
    /// <summary>Replaces the entry point; an empty list clears it.</summary>
    public IReadOnlyList<string>? EntryPoint { get; init; }
    /// <summary>Added to the environment, later ones win; <c>NAME=value</c>, or <c>NAME</c> alone to remove one.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
    /// <summary>Added to the labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>Added to the ports, <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];
    /// <summary>Added to the paths that are meant to be volumes.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];
    /// <summary>Replaces the user.</summary>
    public string? User { get; init; }
    /// <summary>Replaces the working directory, absolute.</summary>
    public string? WorkingDirectory { get; init; }
    /// <summary>Replaces the signal that asks for an orderly end.</summary>
    public string? StopSignal { get; init; }
}
