namespace ContainerTools;

/// <summary>An image in the local store.</summary>
public sealed record ContainerImage
{
    /// <summary>The digest of the image's configuration, <c>sha256:…</c>: what Docker calls the image id.</summary>
    public required string Id { get; init; }
    /// <summary>The digest of the manifest, <c>sha256:…</c>.</summary>
    public required string Digest { get; init; }
    /// <summary>The name and tag, <c>docker.io/library/busybox:latest</c> shown as <c>busybox:latest</c>; null if untagged.</summary>
    public string? Reference { get; init; }
    /// <summary>The part of <see cref="Reference"/> before the tag, or null.</summary>
    public string? Repository { get; init; }
    /// <summary>The tag of <see cref="Reference"/>, or null.</summary>
    public string? Tag { get; init; }
    /// <summary>When the image was built, as its configuration says; null if it does not.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
    /// <summary>Bytes of the unpacked layers together.</summary>
    public required long Size { get; init; }
    /// <summary>The operating system, <c>linux</c>.</summary>
    public required string OperatingSystem { get; init; }
    /// <summary>The processor architecture in Go's words, <c>amd64</c>.</summary>
    public required string Architecture { get; init; }
    /// <summary>The architecture's variant, <c>v8</c>, or null.</summary>
    public string? Variant { get; init; }
    /// <summary>The platforms that are here of it, <c>linux/amd64</c>: several of a multi-platform image that was brought here whole.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];
    /// <summary>The author, or null.</summary>
    public string? Author { get; init; }
    /// <summary>Digests of the uncompressed layers (diff ids), base first.</summary>
    public required IReadOnlyList<string> Layers { get; init; }
    /// <summary>The labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
    /// <summary>Entry point, command, environment and other defaults for containers.</summary>
    public required ImageConfiguration Configuration { get; init; }

    /// <summary>The first twelve digits of <see cref="Id"/>.</summary>
    public string ShortId => Id.StartsWith("sha256:", StringComparison.Ordinal) ? Id.Substring(7, Math.Min(12, Id.Length - 7)) : Id;

    /// <inheritdoc/>
    public override string ToString() => Reference ?? ShortId;
}

/// <summary>What an image says about containers made from it (the <c>config</c> object of the OCI image specification).</summary>
public sealed record ImageConfiguration
{
    /// <summary>The program and its first arguments.</summary>
    public IReadOnlyList<string> EntryPoint { get; init; } = [];
    /// <summary>Default arguments.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];
    /// <summary>The environment, <c>NAME=value</c> each.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
    /// <summary>The user, or empty for root.</summary>
    public string User { get; init; } = "";
    /// <summary>The working directory, or empty for <c>/</c>.</summary>
    public string WorkingDirectory { get; init; } = "";
    /// <summary>The signal that asks for an orderly end, or null.</summary>
    public string? StopSignal { get; init; }
    /// <summary>Ports the image listens on, <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];
    /// <summary>Paths that are meant to be volumes.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>What a container of the image runs where nothing else is said.</summary>
    public override string ToString() => string.Join(' ', [.. EntryPoint, .. Command]);
}
