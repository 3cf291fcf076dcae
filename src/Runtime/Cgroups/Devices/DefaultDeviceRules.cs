using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.Devices;

/// <summary>The device rules that Docker gives to a container that is not privileged.</summary>
internal static class DefaultDeviceRules
{
    /// <summary>
    /// The devices of the specification (config-linux.md, Default Devices), with terminals, and mknod of anything: making a node gives no
    /// access to the device, and images contain nodes.
    /// </summary>
    public static IReadOnlyList<OciDeviceRule> Promised { get; } =
    [
        Allow("c", null, null, "m"),
        Allow("b", null, null, "m"),
        Allow("c", 1, 3),    // null
        Allow("c", 1, 5),    // zero
        Allow("c", 1, 7),    // full
        Allow("c", 1, 8),    // random
        Allow("c", 1, 9),    // urandom
        Allow("c", 5, 0),    // tty
        Allow("c", 5, 2),    // ptmx
        Allow("c", 136, null), // pts
    ];

    /// <summary>A new list: deny all, then allow the devices above and the console.</summary>
    public static OciDeviceRule[] Create() => [new OciDeviceRule { Allow = false, Access = "rwm" }, .. Promised, Allow("c", 5, 1)];

    private static OciDeviceRule Allow(string type, long? major, long? minor, string access = "rwm")
        => new() { Allow = true, Type = type, Major = major, Minor = minor, Access = access };
}
