namespace ContainerTools.Runtime.Hosts.Trials;

/// <summary>What <c>ctrun probe</c> tries, by the names it prints.</summary>
internal static class TrialName
{
    public const string IdMappedMount = "id-mapped-mount";
    public const string Overlay = "overlay";
    public const string IdMappedOverlay = "id-mapped-overlay";
    public const string PacketFilter = "nf-tables";

    /// <summary>The kinds of network links.</summary>
    public static IReadOnlyList<string> Links { get; } = ["bridge", "veth", "macvlan", "ipvlan"];

    /// <summary>The types of namespaces, as the runtime specification names them.</summary>
    public static IReadOnlyList<string> Namespaces { get; } = ["mount", "pid", "uts", "ipc", "network", "cgroup", "user", "time"];

    /// <summary>The trial of a namespace type.</summary>
    public static string Namespace(string type) => "namespace-" + type;

    /// <summary>The trial of a kind of network link.</summary>
    public static string Link(string kind) => "link-" + kind;
}
