using System.Globalization;
using System.Net;
using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The packet filter: one nftables table of the engine's own, <c>inet containertools</c>. Its rules never change; networks and published ports are
/// elements of its sets and maps, so that a port is one transaction of constant size (docs/design/networks.md).
/// </summary>
internal static class PacketFilter
{
    /// <summary>The table's name.</summary>
    public const string Table = "inet containertools";

    private const string TableName = "containertools";
    private const int MaximumWords = 4096;

    // "add" leaves what is there; chains are flushed before their rules come, so that the whole can be applied again at any time.
    private const string Rules = """
        add table inet containertools
        add set inet containertools bridges { type ifname; }
        add set inet containertools internal { type ifname; }
        add set inet containertools open { type ifname; }
        add set inet containertools pairs { type ifname . ifname; }
        add set inet containertools subnets4 { type ipv4_addr; flags interval; }
        add set inet containertools subnets6 { type ipv6_addr; flags interval; }
        add map inet containertools ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
        add map inet containertools ports6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        add map inet containertools bound4 { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; }
        add map inet containertools bound6 { type inet_proto . ipv6_addr . inet_service : ipv6_addr . inet_service; }
        add chain inet containertools guard { type filter hook prerouting priority raw; }
        add chain inet containertools prerouting { type nat hook prerouting priority dstnat; }
        add chain inet containertools output { type nat hook output priority -100; }
        add chain inet containertools foreign4
        add chain inet containertools foreign6
        add chain inet containertools publish
        add chain inet containertools postrouting { type nat hook postrouting priority srcnat; }
        add chain inet containertools forward { type filter hook forward priority filter; }
        flush chain inet containertools guard
        flush chain inet containertools prerouting
        flush chain inet containertools output
        flush chain inet containertools publish
        flush chain inet containertools postrouting
        flush chain inet containertools forward
        add rule inet containertools guard iifname != "lo" ip daddr 127.0.0.0/8 drop
        add rule inet containertools guard iifname != "lo" ip saddr 127.0.0.0/8 drop
        add rule inet containertools prerouting fib daddr type local jump publish
        add rule inet containertools output fib daddr type local jump publish
        add rule inet containertools publish dnat ip to meta l4proto . ip daddr . th dport map @bound4
        add rule inet containertools publish dnat ip to meta l4proto . th dport map @ports4
        add rule inet containertools publish dnat ip6 to meta l4proto . ip6 daddr . th dport map @bound6
        add rule inet containertools publish ip6 daddr != ::1 dnat ip6 to meta l4proto . th dport map @ports6
        add rule inet containertools postrouting ip saddr @subnets4 ip daddr != @subnets4 masquerade
        add rule inet containertools postrouting ip6 saddr @subnets6 ip6 daddr != @subnets6 masquerade
        add rule inet containertools postrouting ct status dnat ip saddr @subnets4 ip daddr @subnets4 masquerade
        add rule inet containertools postrouting ct status dnat ip6 saddr @subnets6 ip6 daddr @subnets6 masquerade
        add rule inet containertools postrouting ct status dnat ip saddr 127.0.0.0/8 masquerade
        add rule inet containertools forward iifname != @bridges oifname != @bridges meta nfproto ipv4 jump foreign4
        add rule inet containertools forward iifname != @bridges oifname != @bridges meta nfproto ipv6 jump foreign6
        add rule inet containertools forward iifname != @bridges oifname != @bridges accept
        add rule inet containertools forward iifname . oifname @pairs accept
        add rule inet containertools forward ct state established,related accept
        add rule inet containertools forward iifname @internal drop
        add rule inet containertools forward oifname @internal drop
        add rule inet containertools forward iifname @open oifname @open accept
        add rule inet containertools forward ct status dnat accept
        add rule inet containertools forward oifname @bridges drop

        """;

    /// <summary>Sees to it that networks can be had, before anything is made for them.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ToolMissing"/>.</exception>
    public static void CheckTool() => FindTool();

    /// <summary>Puts the table there, with a network in it.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ToolMissing"/>, <see cref="ErrorCode.KernelError"/> with what nft says.</exception>
    public static void AddNetwork(ContainerNetwork network)
    {
        if (network.Driver != "bridge") return;
        StringBuilder script = new(Rules);
        Elements(script, "add", network);
        Apply(script.ToString());
    }

    /// <summary>
    /// Drops what is forwarded between devices of which none is a bridge of the engine's: the machine did not forward it before the engine switched forwarding on. The chain is
    /// flushed by nothing else, so that an administrator who wants the machine to be a router can flush it.
    /// </summary>
    public static void CloseForeign(bool ipv6)
    {
        string chain = ipv6 ? "foreign6" : "foreign4";
        Apply($"add table {Table}\nadd chain {Table} {chain}\nflush chain {Table} {chain}\nadd rule {Table} {chain} drop\n");
    }

    /// <summary>Whether a network is in the table: a reload of the firewall takes both away.</summary>
    public static bool HasNetwork(ContainerNetwork network)
    {
        if (network.Driver != "bridge") return true;
        using FilterNetlink filter = new();
        return filter.HasElement(TableName, "bridges", FilterElement.InterfaceName(network.Interface));
    }

    /// <summary>Takes a network out; nothing happens where the table is gone.</summary>
    public static void RemoveNetwork(ContainerNetwork network)
    {
        if (network.Driver != "bridge") return;
        // Elements that are not there must not keep the others: added first, they are.
        StringBuilder script = new(Rules);
        Elements(script, "add", network);
        Elements(script, "delete", network);
        Apply(script.ToString());
    }

    /// <summary>Publishes ports: one element each and family, in one transaction.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.KernelError"/>: the table is gone.</exception>
    public static void AddPorts(NetworkPlan plan)
    {
        IReadOnlyList<FilterElement> elements = PortElements.Of(plan, withValues: true);
        if (elements.Count == 0) return;
        using FilterNetlink filter = new();
        int errno = filter.TryAdd(TableName, elements, out string? words);
        if (errno == Errno.EEXIST)
        {
            // A rest of a run that was lost: the ports are this one's, for it holds their sockets.
            RemovePorts(plan);
            errno = filter.TryAdd(TableName, elements, out words);
        }

        CheckAdded(errno, words);
    }

    /// <summary>Publishes those ports that are not: after a reload of the firewall. Nothing is interrupted that works. For who holds their sockets.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.KernelError"/>: the table is gone.</exception>
    public static void EnsurePorts(NetworkPlan plan)
    {
        IReadOnlyList<FilterElement> elements = PortElements.Of(plan, withValues: true);
        if (elements.Count == 0) return;
        using FilterNetlink filter = new();
        int errno = filter.TryEnsure(TableName, elements, out string? words);
        // One leads elsewhere: the rest of a run that was lost.
        if (errno == Errno.EEXIST) AddPorts(plan);
        else CheckAdded(errno, words);
    }

    /// <summary>Takes back those ports of a run that was lost that still lead to its addresses, which are still its own: what leads elsewhere has come to another.</summary>
    public static void RemoveLostPorts(NetworkPlan plan)
    {
        // The number that the kernel would have chosen.
        IReadOnlyList<FilterElement> elements = PortElements.Of(plan with { Ports = [.. plan.Ports.Where(static port => port.HostPort != 0)] }, withValues: true);
        if (elements.Count == 0) return;
        using FilterNetlink filter = new();
        if (filter.TryRemoveExact(TableName, elements, out _) == 0) return;
        KernelException? failure = null;
        foreach (FilterElement element in elements)
        {
            int errno = filter.TryRemoveExact(TableName, [element], out string? words);
            if (errno != 0 && errno != Errno.EEXIST && errno != Errno.ENOENT) failure ??= FilterNetlink.Error(errno, "take ports back", words);
        }

        if (failure is not null) throw failure;
    }

    // Where a reload of the firewall has taken the table away, this fails: the rules alone, without the networks in their sets, would let everything through.
    private static void CheckAdded(int errno, string? words)
    {
        if (errno == Errno.ENOENT) throw new ContainerException(ErrorCode.KernelError, "The engine's table in the packet filter is gone, so no port can be published; Repair-ContainerNetwork puts it back.", "nft");
        if (errno != 0) throw FilterNetlink.Error(errno, "publish ports", words);
    }

    /// <summary>Takes ports back. Those that are not there are no error.</summary>
    /// <exception cref="KernelException">After all that can be taken back have been.</exception>
    public static void RemovePorts(NetworkPlan plan)
    {
        IReadOnlyList<FilterElement> elements = PortElements.Of(plan, withValues: false);
        if (elements.Count == 0) return;
        using FilterNetlink filter = new();
        if (filter.TryRemove(TableName, elements, out _) == 0) return;
        KernelException? failure = null;
        foreach (FilterElement element in elements)
        {
            int errno = filter.TryRemove(TableName, [element], out string? words);
            if (errno != 0 && errno != Errno.ENOENT) failure ??= FilterNetlink.Error(errno, "take ports back", words);
        }

        if (failure is not null) throw failure;
    }

    /// <summary>Has the ports lead to where another plan says, in one transaction; nothing happens, and false, where they lead there already.</summary>
    public static bool MovePorts(NetworkPlan from, NetworkPlan to)
    {
        IReadOnlyList<FilterElement> before = PortElements.Of(from, withValues: true), after = PortElements.Of(to, withValues: true);
        if (before.Count == after.Count && before.Zip(after).All(static pair => pair.First.Set == pair.Second.Set && pair.First.Key.SequenceEqual(pair.Second.Key) && pair.First.Value!.SequenceEqual(pair.Second.Value!))) return false;
        using (FilterNetlink filter = new())
        {
            if (filter.TryReplace(TableName, PortElements.Of(from, withValues: false), after, out _) == 0) return true;
        }

        // One of them is not there any more: somebody has loaded the firewall again.
        RemovePorts(from);
        AddPorts(to);
        return true;
    }

    private static void Elements(StringBuilder script, string verb, ContainerNetwork network)
    {
        Line(script, verb, "bridges", $"\"{network.Interface}\"");
        Line(script, verb, "pairs", $"\"{network.Interface}\" . \"{network.Interface}\"");
        if (network.ReachesOtherNetworks) Line(script, verb, "open", $"\"{network.Interface}\"");
        if (network.Internal) Line(script, verb, "internal", $"\"{network.Interface}\"");
        foreach (NetworkSubnet subnet in network.Subnets)
        {
            if (!network.Internal) Line(script, verb, IsIPv6(subnet.Gateway) ? "subnets6" : "subnets4", subnet.Subnet.ToString());
        }
    }

    private static void Line(StringBuilder script, string verb, string set, string element)
        => script.Append(verb).Append(" element ").Append(Table).Append(' ').Append(set).Append(" { ").Append(element).Append(" }\n");

    private static bool IsIPv6(IPAddress address) => address.GetAddressBytes().Length == 16;

    private static void Apply(string script)
    {
        if (TryApply(script) is { } words) throw new ContainerException(ErrorCode.KernelError, $"nft refused the packet filter's rules: {words}", "nft");
    }

    /// <summary>Applies a script, all or nothing; null, or what nft says.</summary>
    private static string? TryApply(string script)
    {
        string nft = FindTool();
        (SafeFileHandle input, SafeFileHandle writer) = Libc.CreatePipe();
        (SafeFileHandle reader, SafeFileHandle words) = Libc.CreatePipe();
        using (reader)
        {
            int processId;
            using (input)
            using (words)
            {
                // Above those that the process gets.
                using SafeFileHandle inputCopy = Libc.Duplicate(input, 10);
                using SafeFileHandle wordsCopy = Libc.Duplicate(words, 10);
                processId = Libc.SpawnConnected(nft, ["nft", "-f", "-"], ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], inputCopy, wordsCopy, wordsCopy);
            }

            using SafeFileHandle? process = Libc.OpenProcess(processId);
            using (writer) WriteAll(writer, Encoding.ASCII.GetBytes(script));
            string said = ReadAll(reader);
            int code = process is null ? 0 : Libc.WaitForExit(process).ExitCode;
            return code == 0 ? null : said.Trim() is { Length: > 0 } text ? text : string.Create(CultureInfo.InvariantCulture, $"it ended with code {code}");
        }
    }

    private static void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> content)
    {
        while (content.Length > 0)
        {
            int written = Libc.Write(file, content);
            // It ended early, and says why.
            if (written <= 0) return;
            content = content[written..];
        }
    }

    private static string ReadAll(SafeFileHandle file)
    {
        byte[] buffer = new byte[MaximumWords];
        int length = 0;
        while (length < buffer.Length && Libc.Read(file, buffer.AsSpan(length)) is > 0 and int count) length += count;
        // The rest too, or nft would wait for room in the pipe.
        Span<byte> rest = stackalloc byte[512];
        while (length == buffer.Length && Libc.Read(file, rest) > 0)
        {
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static string FindTool() => ProgramPath.Find("nft")
        ?? throw new ContainerException(ErrorCode.ToolMissing, "nft is not installed, so no container can be in a network; install nftables, or use -Network none.", "nft");
}
