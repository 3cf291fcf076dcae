namespace ContainerTools;

/// <summary>What kind of thing is mounted into a container.</summary>
public enum ContainerMountType
{
    /// <summary>A file or folder of the host.</summary>
    Bind,
    /// <summary>A named volume of the engine.</summary>
    Volume,
    /// <summary>A file system in memory.</summary>
    Tmpfs,
}

/// <summary>One mount of a container.</summary>
public sealed record ContainerMount
{
    /// <summary>What kind of mount.</summary>
    public required ContainerMountType Type { get; init; }
    /// <summary>Host path, or the volume's name; empty for tmpfs.</summary>
    public string Source { get; init; } = "";
    /// <summary>Absolute path in the container.</summary>
    public required string Destination { get; init; }
    /// <summary>Mounted read-only.</summary>
    public bool ReadOnly { get; init; }
    /// <summary>Further mount options as <c>mount(8)</c> spells them, for example <c>rslave</c>, <c>noexec</c>, <c>size=64m</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Docker's short form: <c>source:destination[:options]</c>.</summary>
    public override string ToString()
    {
        List<string> options = [.. Options];
        if (ReadOnly) options.Insert(0, "ro");
        string suffix = options.Count > 0 ? ":" + string.Join(',', options) : "";
        return Type == ContainerMountType.Tmpfs ? Destination + suffix : $"{Source}:{Destination}{suffix}";
    }
}
