using System.Globalization;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>How a container is connected: <c>none</c>, <c>host</c>, <c>container:…</c>, <c>ns:…</c>, or the networks it is in.</summary>
internal static class NetworkMode
{
    /// <summary>The mode without a network namespace of the container's own.</summary>
    public const string Host = "host";

    private const string OfContainer = "container:";
    private const string OfPath = "ns:";

    // As Docker. Who is not root can make neither bridges nor rules.
    private static string Default => Libc.EffectiveUserId == 0 ? NetworkStore.DefaultName : "none";

    /// <summary>The mode and the networks that options ask for; the network bridge if nothing is said.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static (string Mode, IReadOnlyList<NetworkAttachment> Networks) Read(ContainerCreateOptions options)
    {
        IReadOnlyList<NetworkAttachment> networks = options.Networks;
        string mode = options.NetworkMode is { Length: > 0 } and not "default" ? options.NetworkMode : networks.Count > 0 ? networks[0].Network : Default;
        if (networks.Count == 0 && !IsSpecial(mode)) networks = [NetworkAttachment.Parse(mode)];
        if (networks.Any(static network => IsSpecial(network.Network)))
        {
            if (networks.Count > 1) throw Invalid($"The network mode '{networks.First(static network => IsSpecial(network.Network)).Network}' cannot be combined with other networks.", mode);
            mode = networks[0].Network;
            networks = [];
        }
        else if (networks.Count > 0)
        {
            mode = networks[0].Network;
        }

        if (mode.StartsWith(OfPath, StringComparison.Ordinal) && !mode[OfPath.Length..].StartsWith('/')) throw Invalid($"'{mode}' needs the absolute path of a network namespace: ns:/run/netns/name.", mode);
        if (mode == OfContainer) throw Invalid("The network mode 'container:' needs the name of a container.", mode);
        if (networks.GroupBy(static network => network.Network, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice) throw Invalid($"The network '{twice.Key}' is given twice.", twice.Key);
        foreach (NetworkAttachment network in networks) CheckAttachment(network);
        // On the host's network the container's own ports are the host's: those that were asked for are not published, and the start says so (NetworkPreparation), as with Docker.
        if (networks.Count == 0 && options.Ports.Count > 0 && mode != Host) throw Invalid($"Ports can only be published for a container in a network; '{mode}' is none.", mode);
        CheckPorts(options.Ports);
        foreach (string entry in options.HostEntries) _ = HostEntry(entry);
        foreach (string server in options.DnsServers)
        {
            if (!AddressText.TryParse(server, out _)) throw Invalid($"'{server}' is not the address of a name server.", server);
        }

        foreach (string text in options.DnsSearch.Concat(options.DnsOptions))
        {
            if (text.Length == 0 || text.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c))) throw Invalid($"'{text}' cannot be a word of resolv.conf.", text);
        }

        return (mode, networks);
    }

    /// <summary>
    /// The namespace that a mode names; null for one of the container's own, or the host's. Of a container it is that of its run at this moment; what is joined in the end is found
    /// by the monitor, at each start anew (<see cref="SharedNamespace"/>).
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="mode">The mode.</param>
    /// <param name="mustRun">Whether a container that does not run is an error; else its namespace has a path that leads nowhere.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.ContainerNotRunning"/>.</exception>
    public static string? NamespacePath(ContainerServices services, string mode, bool mustRun = true)
    {
        if (mode.StartsWith(OfPath, StringComparison.Ordinal))
        {
            if (mustRun) CheckNamespace(mode[OfPath.Length..]);
            return mode[OfPath.Length..];
        }

        if (TargetOf(mode) is not { } target) return null;
        if (!mustRun) return "/proc/0/ns/net";
        string id = services.Store.Resolve(target);
        return services.InspectStatus(id).Run is { ProcessId: > 0 } run && ProcessStat.IsAlive(run.ProcessId, run.ProcessStartTime)
            ? string.Create(CultureInfo.InvariantCulture, $"/proc/{run.ProcessId}/ns/net")
            : throw new ContainerException(ErrorCode.ContainerNotRunning, $"The container '{target}', whose network is to be shared, does not run.", target);
    }

    // As the kernel calls the open file: net:[4026531840].
    private static void CheckNamespace(string path)
    {
        using SafeFileHandle? file = Libc.TryOpen(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0, out int errno);
        if (errno == Errno.ENOENT) throw new ContainerException(ErrorCode.FileNotFound, $"There is no network namespace {path}.", path);
        if (file is null) throw KernelError.From("open", errno, path);
        string? kind = Libc.ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}"));
        if (kind?.StartsWith("net:[", StringComparison.Ordinal) != true) throw Invalid($"{path} is not a network namespace.", path);
    }

    /// <summary>The container whose network is shared; null with other modes.</summary>
    public static string? TargetOf(string mode) => mode.StartsWith(OfContainer, StringComparison.Ordinal) ? mode[OfContainer.Length..] : null;

    /// <summary>The host in an entry of /etc/hosts.</summary>
    public const string HostGateway = "host-gateway";

    /// <summary>
    /// What was asked for, checked against the networks that there are; a container whose network is shared has its id in the mode, which stays when it is renamed, and gives its host name.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">What was asked for.</param>
    /// <param name="wantedHostName">The host name that was asked for.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotFound"/>, <see cref="ErrorCode.NetworkNotFound"/>, <see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static ContainerConfiguration Resolve(ContainerServices services, ContainerConfiguration configuration, string? wantedHostName)
    {
        NetworkConflicts.Check(configuration, [.. configuration.Networks.Select(network => services.Networks.Describe(network.Network))]);
        if (TargetOf(configuration.NetworkMode) is not { } target) return configuration;
        string id = services.Store.Resolve(target);
        ContainerRecord? record = services.Store.TryRead(id);
        return configuration with
        {
            NetworkMode = OfContainer + id,
            HostName = wantedHostName is { Length: > 0 } ? configuration.HostName : record?.Configuration.HostName ?? configuration.HostName,
        };
    }

    /// <summary>The two halves of <c>name:address</c>.</summary>
    public static (string Name, string Address) HostEntry(string entry)
    {
        int divider = entry.IndexOfAny([':', '=']);
        string name = divider < 0 ? "" : entry[..divider], address = divider < 0 ? "" : entry[(divider + 1)..].Trim('[', ']');
        if (name.Length == 0 || name.Any(char.IsWhiteSpace) || (address != HostGateway && !AddressText.TryParse(address, out _)))
        {
            throw Invalid($"'{entry}' is no entry of /etc/hosts; write name:address, or name:host-gateway.", entry);
        }

        return (name, address);
    }

    /// <summary>Whether a mode is not the name of a network.</summary>
    public static bool IsSpecial(string mode) => mode is "none" or Host || mode.StartsWith(OfContainer, StringComparison.Ordinal) || mode.StartsWith(OfPath, StringComparison.Ordinal);

    /// <summary>Checks what can be checked of an attachment without its network.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void CheckAttachment(NetworkAttachment attachment)
    {
        foreach (string alias in attachment.Aliases) CheckName(alias);
        if (attachment.HardwareAddress is { } hardware) NetworkAttachment.ParseHardwareAddress(hardware);
    }

    private static void CheckName(string name)
    {
        if (name.Length is 0 or > 253 || name.Any(static c => c is '/' or '\0' || char.IsWhiteSpace(c)) || name is "." or "..") throw Invalid($"'{name}' is not a name in a network.", name);
    }

    private static void CheckPorts(IReadOnlyList<PortMapping> ports)
    {
        HashSet<(System.Net.IPAddress?, int, PortProtocol)> seen = [];
        foreach (PortMapping port in ports)
        {
            if (port.ContainerPort is < 1 or > 65535 || port.HostPort is < 0 or > 65535) throw Invalid($"{port} has a port that is not between 1 and 65535.", port.ToString());
            if (port.HostPort != 0 && !seen.Add((port.HostAddress, port.HostPort, port.Protocol))) throw Invalid($"The port {port.HostPort} of the host is given twice.", port.ToString());
        }
    }

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);
}
