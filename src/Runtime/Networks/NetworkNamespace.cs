using System.Globalization;
using System.Net;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The network namespace of one run, made by the monitor before the launch, with all in it that the plan says; the first process joins it. So nothing
/// waits for anything: when the program begins, its network is there. For ctrun only: the calling thread leaves its network namespace for a moment.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const string Type = "network";
    private static readonly IPAddress s_resolver = IPAddress.Parse(Containers.NetworkFiles.DnsServer);
    private SafeFileHandle? _namespace;
    private readonly PortReservation _ports;
    // The index of each network's device in the namespace. A name is no hold on it: whoever administers the container's network may change it.
    private readonly Dictionary<string, int> _devices = [];
    private NetworkPlan _plan;
    private bool _published;

    private NetworkNamespace(NetworkPlan plan, PortReservation ports)
    {
        _plan = plan;
        _ports = ports;
    }

    /// <summary>The resolver's UDP and TCP sockets, bound in the namespace.</summary>
    public (SafeFileHandle Datagrams, SafeFileHandle Streams)? Resolver { get; private set; }

    /// <summary>Whether the namespace is there.</summary>
    public bool IsMade => _namespace is not null;

    /// <summary>The plan, with the ports that were chosen.</summary>
    public NetworkPlan Plan => _plan;

    /// <summary>Makes it, or where the container has a user namespace of its own, which has to own it, what can be made before: <see cref="Fill"/> does the rest.</summary>
    /// <param name="runFolder">The run folder: its plan is written again where ports were chosen.</param>
    /// <param name="isContainers">The first process makes the namespace with its user namespace.</param>
    /// <returns>Null where the container is in no network of the engine's.</returns>
    /// <exception cref="ContainerException">Nothing is left behind.</exception>
    public static NetworkNamespace? Make(string runFolder, bool isContainers)
    {
        if (NetworkPlanFormat.TryLoad(runFolder) is not { } plan) return null;
        if (plan.SharedRun is { } shared) return new NetworkNamespace(plan, PortReservation.Take([])) { _namespace = SharedNamespace.Open(shared) };
        // First of all: a port in use is refused before anything has been changed.
        NetworkNamespace made = new(plan, PortReservation.Take(plan.Ports));
        try
        {
            if (plan.Ports.Any(static port => port.HostPort == 0))
            {
                made._plan = plan with { Ports = made._ports.Ports };
                NetworkPlanFormat.Save(runFolder, made._plan);
            }

            if (!isContainers) made.Fill(null);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Makes all that the plan says in the namespace: a new one, or that of a process.</summary>
    /// <param name="processId">A process that waits in the namespace; null to make one.</param>
    /// <exception cref="ContainerException">What there is already goes with <see cref="Dispose"/>.</exception>
    public void Fill(int? processId)
    {
        using RouteNetlink host = new();
        using RouteNetlink inside = Enter(processId);
        foreach (EndpointPlan endpoint in _plan.Endpoints) Connect(endpoint, host, inside);
        SetDefaultRoutes(_plan, inside);
        _published = true;
        PacketFilter.AddPorts(_plan);
        KnownConnections.Redirect(_plan);
    }

    /// <summary>The configuration, with this namespace to be joined in place of a new one.</summary>
    public OciSpec Join(OciSpec spec)
    {
        if (_namespace is null) return spec;
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_namespace.DangerousGetHandle()}");
        return spec with
        {
            Linux = spec.Linux! with { Namespaces = [.. (spec.Linux.Namespaces ?? []).Select(item => item.Type == Type ? new OciNamespace(Type, path) : item)] },
        };
    }

    /// <summary>Makes and removes places in networks, until all is as a plan says. The published ports stay those of the start.</summary>
    /// <exception cref="ContainerException">Everything is as it was.</exception>
    public void Change(NetworkPlan next)
    {
        next = next with { Ports = _plan.Ports };
        if (next.Endpoints.Select(static endpoint => endpoint.Network).SequenceEqual(_plan.Endpoints.Select(static endpoint => endpoint.Network)))
        {
            // What it is already: asked for by a repair, which cannot know whether the container ends at this moment. Here nothing is between.
            PacketFilter.EnsurePorts(_plan);
            KnownConnections.Redirect(_plan);
            return;
        }

        EndpointPlan[] gone = [.. _plan.Endpoints.Where(before => !next.Endpoints.Any(after => after.Network == before.Network))];
        using RouteNetlink host = new();
        using RouteNetlink inside = Within(() =>
        {
            AllowIPv6(next);
            return new RouteNetlink();
        });
        UndoList undo = new();
        try
        {
            foreach (EndpointPlan endpoint in next.Endpoints.Where(after => !_plan.Endpoints.Any(before => before.Network == after.Network)))
            {
                Connect(endpoint, host, inside);
                undo.Push(() => Disconnect(endpoint, host, inside));
            }

            undo.Push(() => SetDefaultRoutes(_plan, inside));
            SetDefaultRoutes(next, inside);
            undo.Push(() => MovePorts(next, _plan));
            MovePorts(_plan, next);
            // Last of all, for it cannot be undone.
            foreach (EndpointPlan endpoint in gone) Disconnect(endpoint, host, inside);
            _plan = next;
            undo.Clear();
        }
        finally
        {
            undo.Run();
        }
    }

    /// <summary>
    /// Takes the ports back, removes the devices and lets the namespace go. The kernel would remove them with it, but only when nobody else is in it any more (who shares it may
    /// live on), and some time later: the next run could meet its own name, its hardware address on another port of the bridge, or its parent device busy.
    /// </summary>
    public void Dispose()
    {
        UndoList rest = new();
        rest.Push(_ports.Dispose);
        rest.Push(() => _namespace?.Dispose());
        try
        {
            if (_published) TakePortsBack();
            _published = false;
        }
        finally
        {
            Resolver?.Datagrams.Dispose();
            Resolver?.Streams.Dispose();
            Resolver = null;
            try
            {
                RemoveDevices();
            }
            finally
            {
                rest.Run();
            }
        }
    }

    private static void MovePorts(NetworkPlan from, NetworkPlan to)
    {
        if (PacketFilter.MovePorts(from, to)) KnownConnections.Redirect(to, from);
    }

    private void TakePortsBack()
    {
        try
        {
            PacketFilter.RemovePorts(_plan);
        }
        finally
        {
            // After that: what comes meanwhile leads nowhere.
            KnownConnections.Forget(_plan);
        }
    }

    // Makes one place in a network.
    private void Connect(EndpointPlan endpoint, RouteNetlink host, RouteNetlink inside)
    {
        int? mtu = endpoint.Mtu > 0 ? endpoint.Mtu : null;
        int parent = host.FindLink(endpoint.Parent)
            ?? throw new ContainerException(ErrorCode.NetworkNotFound, $"The device {endpoint.Parent} of the network '{endpoint.Network}' is gone.", endpoint.Network);
        if (endpoint.Driver == "bridge") MakePair(endpoint, host, parent, mtu);
        else host.MakeStacked(endpoint.Driver, parent, endpoint.Device, mtu, endpoint.HardwareAddress(), _namespace!);
        try
        {
            int device = inside.Link(endpoint.Device);
            _devices[endpoint.Network] = device;
            // Before it comes up: the kernel announces the addresses then that a device has (arp_notify, ndisc_notify).
            foreach (string address in endpoint.Addresses)
            {
                int slash = address.IndexOf('/', StringComparison.Ordinal);
                inside.AddAddress(device, IPAddress.Parse(address.AsSpan(0, slash)), int.Parse(address.AsSpan(slash + 1), CultureInfo.InvariantCulture));
            }

            inside.Raise(device);
            if (endpoint.Driver != "bridge") return;
            // The container reaches itself by its published ports. Not without any: what it sends to all would come back to it for nothing.
            if (_plan.Ports.Count > 0) host.TrySetHairpin(endpoint.HostDevice);
            host.WaitUntilHeard(endpoint.HostDevice, endpoint.Parent);
            inside.Announce(device, endpoint.HardwareAddress());
        }
        catch
        {
            UndoList undo = new();
            undo.Push(() => Disconnect(endpoint, host, inside));
            undo.Run();
            throw;
        }
    }

    private void MakePair(EndpointPlan endpoint, RouteNetlink host, int bridge, int? mtu)
    {
        if (host.TryMakeVeth(endpoint.HostDevice, bridge, mtu, endpoint.Device, endpoint.HardwareAddress(), _namespace!)) return;
        // A rest of the run before, whose namespace somebody still holds. Or it was the other end's name, and this says so.
        host.TryRemoveLink(endpoint.HostDevice);
        if (host.TryMakeVeth(endpoint.HostDevice, bridge, mtu, endpoint.Device, endpoint.HardwareAddress(), _namespace!)) return;
        throw NetlinkSocket.Error(Errno.EEXIST, $"make the devices {endpoint.HostDevice} and {endpoint.Device}", null);
    }

    // Removes one place in a network. The host's end of a pair is out of the container's reach, and takes the other with it; where it is gone, both are.
    private void Disconnect(EndpointPlan endpoint, RouteNetlink host, RouteNetlink inside)
    {
        if (endpoint.Driver == "bridge")
        {
            host.TryRemoveLink(endpoint.HostDevice);
        }
        else if (_devices.TryGetValue(endpoint.Network, out int device) ? !inside.TryRemoveLink(device) : !inside.TryRemoveLink(endpoint.Device))
        {
            // It may be in use where it was moved to.
            throw NetlinkSocket.Error(Errno.ENODEV, $"remove the device of the network '{endpoint.Network}', which is not in the container any more", null);
        }

        _devices.Remove(endpoint.Network);
    }

    private void RemoveDevices()
    {
        EndpointPlan[] made = [.. _plan.Endpoints.Where(endpoint => _devices.ContainsKey(endpoint.Network))];
        if (made.Length == 0) return;
        using RouteNetlink host = new();
        using RouteNetlink? inside = made.Any(static endpoint => endpoint.Driver != "bridge") ? Within(static () => new RouteNetlink()) : null;
        foreach (EndpointPlan endpoint in made)
        {
            // The container is over: what it has removed itself need not be.
            if (endpoint.Driver == "bridge") host.TryRemoveLink(endpoint.HostDevice);
            else inside!.TryRemoveLink(_devices[endpoint.Network]);
        }

        _devices.Clear();
    }

    // Sets the default route of each family: by the first endpoint that has a way out.
    private void SetDefaultRoutes(NetworkPlan plan, RouteNetlink inside)
    {
        foreach (bool ipv6 in (bool[])[false, true])
        {
            foreach (EndpointPlan endpoint in plan.Endpoints)
            {
                if (endpoint.Internal || endpoint.Gateways.FirstOrDefault(text => text.Contains(':', StringComparison.Ordinal) == ipv6) is not { } gateway) continue;
                inside.SetDefaultRoute(IPAddress.Parse(gateway), _devices[endpoint.Network]);
                break;
            }
        }
    }

    // Makes the namespace, or opens that of a process, and what has to be made from inside.
    private RouteNetlink Enter(int? processId)
    {
        if (processId is { } number) _namespace = Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{number}/ns/net"), Libc.O_RDONLY | Libc.O_CLOEXEC);
        return Within(() =>
        {
            _namespace ??= Libc.Open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC);
            RouteNetlink inside = new();
            SafeFileHandle? datagrams = null;
            try
            {
                SetParameters(_plan);
                inside.Raise(1);
                datagrams = Listen(Libc.DatagramSocket);
                SafeFileHandle streams = Listen(Libc.StreamSocket);
                Resolver = (datagrams, streams);
                ResolverRedirect.Apply(s_resolver, Libc.BoundPort(datagrams), Libc.BoundPort(streams));
                return inside;
            }
            catch
            {
                if (Resolver is null) datagrams?.Dispose();
                inside.Dispose();
                throw;
            }
        });
    }

    // The thread goes into the namespace, or into a new one, for a moment.
    private T Within<T>(Func<T> action)
    {
        ulong flag = Namespaces.FlagOf(Type);
        using SafeFileHandle own = Libc.Open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (_namespace is not null) Libc.JoinNamespace(_namespace, flag, "the container's network namespace");
        else if (Libc.TryUnshare(flag) is not 0 and int errno) throw KernelError.From("unshare", errno, "the network namespace");
        try
        {
            return action();
        }
        finally
        {
            Libc.JoinNamespace(own, flag, "the monitor's own network namespace");
        }
    }

    // At ports of the kernel's choice, and without SO_REUSEADDR: nobody in the container can bind them as well.
    private static SafeFileHandle Listen(int type)
    {
        SafeFileHandle socket = Libc.OpenNetworkSocket(ipv6: false, type);
        try
        {
            int errno = Libc.TryBind(socket, s_resolver, 0);
            if (errno == 0 && type == Libc.StreamSocket) errno = Libc.TryListen(socket);
            return errno == 0 ? socket : throw KernelError.From("bind", errno, "the resolver's socket");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // /proc/sys/net is that of the thread that opens it. New devices take what "default" says.
    private static void SetParameters(NetworkPlan plan)
    {
        const string IPv4 = "/proc/sys/net/ipv4/", IPv6 = "/proc/sys/net/ipv6/conf/default/";
        Set(IPv4 + "conf/default/arp_notify", "1");
        // As Docker: a container's user other than root may have any port and send pings; the namespace is its own.
        Set(IPv4 + "ip_unprivileged_port_start", "0");
        Set(IPv4 + "ping_group_range", "0 2147483647");
        if (!Directory.Exists(IPv6)) return;
        Set(IPv6 + "disable_ipv6", HasIPv6(plan) ? "0" : "1");
        Set(IPv6 + "accept_ra", "0");
        Set(IPv6 + "ndisc_notify", "1");
    }

    private static bool HasIPv6(NetworkPlan plan) => plan.Endpoints.Any(static endpoint => endpoint.AddressOf(ipv6: true) is not null);

    // The first network with IPv6 of a container that began without.
    private static void AllowIPv6(NetworkPlan plan)
    {
        const string switchedOff = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
        if (HasIPv6(plan) && File.Exists(switchedOff)) Set(switchedOff, "0");
    }

    private static void Set(string path, string value)
    {
        SafeFileHandle? file = Libc.TryOpen(path, Libc.O_WRONLY | Libc.O_CLOEXEC, 0, out int errno);
        if (file is null) throw KernelError.From("open", errno, path);
        using (file)
        {
            if (Libc.Write(file, System.Text.Encoding.ASCII.GetBytes(value)) is < 0 and int failed) throw KernelError.From("write", -failed, path);
        }
    }
}
