using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Oci;

/// <summary>
/// A container's configuration, the config.json of the OCI runtime specification 1.2 (config.md, config-linux.md). Fields that
/// this runtime does not know survive a round trip in the <c>Unknown</c> members.
/// </summary>
internal sealed record OciSpec
{
    /// <summary>The version of the specification that the document follows.</summary>
    public string OciVersion { get; init; } = "1.2.0";
    /// <summary>The root file system.</summary>
    public OciRoot? Root { get; init; }
    /// <summary>Mounts, in the order they are made.</summary>
    public IReadOnlyList<OciMount>? Mounts { get; init; }
    /// <summary>The first process.</summary>
    public OciProcess? Process { get; init; }
    /// <summary>The host name (sethostname(2)).</summary>
    public string? Hostname { get; init; }
    /// <summary>The NIS domain name (setdomainname(2)).</summary>
    public string? Domainname { get; init; }
    /// <summary>Programs to run at points of the life cycle.</summary>
    public OciHooks? Hooks { get; init; }
    /// <summary>Free annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    /// <summary>What is particular to Linux.</summary>
    public OciLinux? Linux { get; init; }
    /// <summary>Fields this runtime does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The root file system (config.md, Root).</summary>
internal sealed record OciRoot
{
    /// <summary>Its folder; relative paths start at the bundle.</summary>
    public required string Path { get; init; }
    /// <summary>Whether the container sees it read-only.</summary>
    public bool Readonly { get; init; }
    /// <summary>Fields this runtime does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One mount (config.md, Mounts).</summary>
internal sealed record OciMount
{
    /// <summary>Absolute path in the container.</summary>
    public required string Destination { get; init; }
    /// <summary>File system type; <c>bind</c> or empty with the option <c>bind</c> for bind mounts.</summary>
    public string? Type { get; init; }
    /// <summary>Device, or path for bind mounts; relative paths start at the bundle.</summary>
    public string? Source { get; init; }
    /// <summary>Options as mount(8) spells them.</summary>
    public IReadOnlyList<string>? Options { get; init; }
    /// <summary>User id map of an id-mapped mount.</summary>
    public IReadOnlyList<OciIdMapping>? UidMappings { get; init; }
    /// <summary>Group id map of an id-mapped mount.</summary>
    public IReadOnlyList<OciIdMapping>? GidMappings { get; init; }
    /// <summary>Fields this runtime does not know.</summary>
    [JsonExtensionData] public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>A range of a user namespace's id map (user_namespaces(7)).</summary>
/// <param name="ContainerID">First id inside.</param>
/// <param name="HostID">First id outside.</param>
/// <param name="Size">How many.</param>
internal sealed record OciIdMapping(
    [property: JsonPropertyName("containerID")] uint ContainerID, [property: JsonPropertyName("hostID")] uint HostID, uint Size);

/// <summary>Programs run at points of the life cycle (config.md, POSIX-platform Hooks).</summary>
internal sealed record OciHooks
{
    /// <summary>Deprecated: after create, before start; in the runtime's namespace.</summary>
    public IReadOnlyList<OciHook>? Prestart { get; init; }
    /// <summary>After the namespaces are made, before pivot_root; in the runtime's namespace.</summary>
    public IReadOnlyList<OciHook>? CreateRuntime { get; init; }
    /// <summary>The same moment; in the container's namespace.</summary>
    public IReadOnlyList<OciHook>? CreateContainer { get; init; }
    /// <summary>Before the user's process is executed; in the container's namespace.</summary>
    public IReadOnlyList<OciHook>? StartContainer { get; init; }
    /// <summary>After the user's process has started; in the runtime's namespace.</summary>
    public IReadOnlyList<OciHook>? Poststart { get; init; }
    /// <summary>After the container is deleted; in the runtime's namespace.</summary>
    public IReadOnlyList<OciHook>? Poststop { get; init; }
}

/// <summary>One hook; it reads the container's state from standard input.</summary>
internal sealed record OciHook
{
    /// <summary>Absolute path of the program.</summary>
    public required string Path { get; init; }
    /// <summary>argv, argv[0] included.</summary>
    public IReadOnlyList<string>? Args { get; init; }
    /// <summary>The environment, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string>? Env { get; init; }
    /// <summary>Seconds before it is killed and counted as failed.</summary>
    public int? Timeout { get; init; }
}
