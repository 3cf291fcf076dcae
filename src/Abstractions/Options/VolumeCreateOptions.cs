namespace ContainerTools;

/// <summary>What a new volume is to be.</summary>
public sealed record VolumeCreateOptions
{
    /// <summary>The name; null for a generated one.</summary>
    public string? Name { get; init; }
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    /// <summary>
    /// As Docker's local driver has them: <c>type</c> (a file system, <c>tmpfs</c>, <c>nfs</c>, <c>none</c>), <c>device</c>, <c>o</c> (options of
    /// mount(8), with <c>bind</c> for a folder of the host).
    /// </summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();
}
