using ContainerTools.Runtime.Hosts.Trials;

namespace ContainerTools.Runtime.Hosts;

/// <summary>Network links and the packet filter.</summary>
internal static class NetworkProbes
{
    private const string Category = "Network";

    // The kind, the kernel module that has it, and what it is for.
    private static readonly (string Kind, string Module, string Purpose)[] s_links =
    [
        ("bridge", "bridge", "networks of containers on this machine"), ("veth", "veth", "a container's connection to a bridge"),
        ("macvlan", "macvlan", "containers with an address of their own on the machine's network"), ("ipvlan", "ipvlan", "the same where only one hardware address is allowed"),
    ];

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        foreach ((string kind, string module, string purpose) in s_links)
        {
            yield return context.ByTrial(
                TrialName.Link(kind), Category, kind, $"a link of the kind was made in a network namespace, for {purpose}",
                $"Load the module: modprobe {module}; if there is none, use a kernel that was built with it.",
                () => HostContext.Limited(Category, kind, context.Untried($"Most kernels have it, for {purpose}"), null));
        }

        yield return context.ByTrial(
            TrialName.PacketFilter, Category, "packet filter", "the kernel's nf_tables answered", "Load the module: modprobe nf_tables.",
            () => HostContext.Limited(Category, "packet filter", context.Untried("Most kernels have nf_tables"), null));
        yield return context.Files.Text("/proc/sys/net/ipv4/ip_forward") switch
        {
            null => HostContext.Missing(Category, "forwarding", "There is no /proc/sys/net/ipv4/ip_forward.", "Use a kernel that was built with IPv4."),
            "0" => HostContext.Limited(
                Category, "forwarding", "net.ipv4.ip_forward is 0: packets do not pass from a bridge to the world until it is 1.", "Switch it on: sysctl net.ipv4.ip_forward=1."),
            _ => HostContext.Available(Category, "forwarding", "net.ipv4.ip_forward is on."),
        };
    }
}
