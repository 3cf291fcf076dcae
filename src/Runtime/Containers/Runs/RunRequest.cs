namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>What <c>ctrun create</c> and <c>ctrun run</c> are asked for.</summary>
internal sealed record RunRequest
{
    /// <summary>The container's id.</summary>
    public required string Id { get; init; }
    /// <summary>The bundle's folder.</summary>
    public required string BundleFolder { get; init; }
    /// <summary>The first process is to wait for <c>ctrun start</c>.</summary>
    public bool Gate { get; init; }
    /// <summary>Nobody waits for the first process.</summary>
    public bool Detached { get; init; }
    /// <summary>The cgroup is to be a scope of systemd (<c>--systemd-cgroup</c>).</summary>
    public bool SystemdCgroup { get; init; }
    /// <summary>There is to be no cgroup; limits cannot be set then (<c>--cgroup-manager disabled</c>).</summary>
    public bool NoCgroup { get; init; }
    /// <summary>The socket that gets the terminal, or null.</summary>
    public string? ConsoleSocket { get; init; }
    /// <summary>The file that gets the process id, or null.</summary>
    public string? PidFile { get; init; }
    /// <summary>The socket that gets the process's pidfd, or null.</summary>
    public string? PidFdSocket { get; init; }
    /// <summary>See <see cref="Launch.LaunchRequest.MovesRoot"/>.</summary>
    public bool MovesRoot { get; init; }
    /// <summary>See <see cref="Launch.LaunchRequest.KeepsKeyring"/>.</summary>
    public bool KeepsKeyring { get; init; }
    /// <summary>How many descriptors from 3 on the process keeps.</summary>
    public int PreservedDescriptors { get; init; }
    /// <summary>Is told of what goes wrong without stopping anything.</summary>
    public required Action<string> Warn { get; init; }
    /// <summary>See <see cref="Launch.LaunchRequest.BrokenStep"/>.</summary>
    public int? BrokenStep { get; init; }
}
