using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The addresses and names that are in use in one network: <c>addresses/&lt;address&gt;</c> is a symbolic link whose text is the container's id and
/// name, and making it (EEXIST) is what takes an address, so that any number of starts in any number of processes get different ones;
/// <c>names/&lt;name&gt;/&lt;address&gt;</c>, whose text is the container's id, is what the resolvers read, without a lock: it counts while the address is that container's, so
/// that one which is left over leads to nobody, and never to the next who gets the address. On a tmpfs: after a restart of the machine nobody has an address.
/// Whoever changes something holds flock(2) on <c>.lock-&lt;network&gt;</c> beside the network's folder, and looks again under it: of two that clear away what a lost run has
/// left, the second would else clear away what the first has just taken.
/// </summary>
internal sealed class AddressLeases(string networksRun, string network)
{
    private readonly string _folder = Path.Combine(networksRun, network);
    private readonly string _addresses = Path.Combine(networksRun, network, "addresses");
    private readonly string _names = Path.Combine(networksRun, network, "names");

    /// <summary>Takes an address.</summary>
    /// <param name="subnet">The subnet.</param>
    /// <param name="wanted">A fixed address; null for a free one.</param>
    /// <param name="id">The container.</param>
    /// <param name="name">Its name.</param>
    /// <param name="isAlive">Whether the container of an id has a run; addresses of others can be taken over.</param>
    /// <param name="preferred">The one it had last, which it gets again where it is free; else, and with null, it gets the lowest free one.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.AddressInUse"/>, <see cref="ErrorCode.InvalidArgument"/>.</exception>
    public IPAddress Take(NetworkSubnet subnet, IPAddress? wanted, string id, string name, Func<string, bool> isAlive, IPAddress? preferred = null)
    {
        string text = $"{id} {name}";
        if (wanted is not null) CheckFixed(subnet, wanted);
        using HeldFile held = Lock();
        if (wanted is not null)
        {
            if (TryTake(wanted, text)) return wanted;
            Sweep(isAlive);
            return TryTake(wanted, text) ? wanted : throw Error(ErrorCode.AddressInUse, $"The address {wanted} is in use in the network '{network}'.");
        }

        if (preferred is not null && (subnet.Range ?? subnet.Subnet).Contains(preferred) && IsForContainers(subnet, preferred) && TryTake(preferred, text)) return preferred;
        if (FindFree(subnet, text) is { } free) return free;
        Sweep(isAlive);
        return FindFree(subnet, text) ?? throw Error(ErrorCode.AddressInUse, $"All addresses of {subnet.Range ?? subnet.Subnet} in the network '{network}' are in use.");
    }

    /// <summary>Makes names lead to an address.</summary>
    public void AddNames(string id, IEnumerable<string> names, IPAddress address)
    {
        using HeldFile held = Lock();
        foreach (string name in names) Link(id, name, address);
    }

    /// <summary>Whether a name leads to an address; without a lock, for the resolvers.</summary>
    /// <param name="networksRun">The folder of all networks' addresses and names.</param>
    /// <param name="network">The network.</param>
    /// <param name="link">The name's link, whose own name is the address.</param>
    public static bool Leads(string networksRun, string network, string link)
        => Libc.ReadLink(link) is { } id && Libc.ReadLink(Path.Combine(networksRun, network, "addresses", Path.GetFileName(link))) is { } owner && IsOf(owner, id);

    /// <summary>Gives a container another name: the new one leads to its address from now on, and the old one no more.</summary>
    /// <param name="id">The container.</param>
    /// <param name="address">Its address; nothing happens where it has it no more.</param>
    /// <param name="newName">The new name.</param>
    /// <param name="oldNames">The names that go: more than one where a renaming before this one was killed.</param>
    public void Rename(string id, IPAddress address, string newName, IEnumerable<string> oldNames)
    {
        using HeldFile held = Lock();
        string link = Path.Combine(_addresses, address.ToString());
        if (Libc.ReadLink(link) is not { } owner || !IsOf(owner, id)) return;
        Link(id, newName, address);
        // Renamed into place: whoever looks finds the old or the new one.
        string made = Path.Combine(_folder, ".renamed");
        Libc.TryUnlink(made);
        if (!Libc.TrySymlink($"{id} {newName}", made)) throw KernelError.From("symlink", Errno.EEXIST, made);
        int errno = Libc.TryRename(made, link);
        if (errno != 0) throw KernelError.From("rename", errno, link);
        foreach (string name in oldNames.Where(name => Key(name) != Key(newName))) Libc.TryUnlink(Path.Combine(_names, Key(name), address.ToString()));
    }

    /// <summary>Gives an address back, if it is this container's, and the names that lead to it.</summary>
    public void Release(string id, IPAddress address, IEnumerable<string> names)
    {
        // The network has been removed.
        if (!Directory.Exists(_addresses)) return;
        using HeldFile held = Lock();
        string link = Path.Combine(_addresses, address.ToString());
        if (Libc.ReadLink(link) is not { } owner || !IsOf(owner, id)) return;
        // The folder of a name stays: it is small, on a tmpfs, and another start may be about to use it. The link knows the name of a renaming that was killed before it
        // came to the plan.
        foreach (string name in names.Append(owner[(id.Length + 1)..])) Libc.TryUnlink(Path.Combine(_names, Key(name), address.ToString()));
        Libc.TryUnlink(link);
    }

    /// <summary>
    /// Gives back all that a container has here, on a plan or not: who took an address and was killed has written it down nowhere else. The caller holds the container's lock, or is its monitor.
    /// </summary>
    public void ReleaseAll(string id)
    {
        // Nobody else takes addresses for it: where there is none now, none comes, and the lock is left to those who need it.
        if (!Links().Any(link => IsOwner(link, id))) return;
        using HeldFile held = Lock();
        foreach (string link in Links().Where(link => IsOwner(link, id))) Clear(link);
    }

    /// <summary>The containers in the network, by their names.</summary>
    public IReadOnlyList<NetworkContainer> Containers()
    {
        Dictionary<string, NetworkContainer> found = [];
        foreach (string link in Links())
        {
            if (Libc.ReadLink(link) is not { } text || text.Split(' ', 2) is not [string id, string name] || !IPAddress.TryParse(Path.GetFileName(link), out IPAddress? address)) continue;
            NetworkContainer member = found.GetValueOrDefault(id) ?? new NetworkContainer { Id = id, Name = name };
            found[id] = address.GetAddressBytes().Length == 16 ? member with { IPv6Address = address } : member with { IPv4Address = address };
        }

        return [.. found.Values.OrderBy(static member => member.Name, StringComparer.Ordinal)];
    }

    /// <summary>Makes the folders.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(_addresses);
        Directory.CreateDirectory(_names);
    }

    /// <summary>Removes the folders: nobody gets an address any more. False while somebody has one.</summary>
    public bool TryClose(Func<string, bool> isAlive)
    {
        using HeldFile held = Lock();
        Sweep(isAlive);
        if (Directory.Exists(_addresses))
        {
            try
            {
                Directory.Delete(_addresses);
            }
            catch (IOException) when (Links().Length > 0)
            {
                return false;
            }
        }

        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        return true;
    }

    /// <summary>Names are compared without regard to case.</summary>
    public static string Key(string name) => name.ToLowerInvariant();

    private void CheckFixed(NetworkSubnet subnet, IPAddress wanted)
    {
        if (!subnet.Subnet.Contains(wanted)) throw Error(ErrorCode.InvalidArgument, $"The address {wanted} is not in the subnet {subnet.Subnet} of the network '{network}'.");
        if (wanted.Equals(subnet.Gateway)) throw Error(ErrorCode.AddressInUse, $"The address {wanted} is the gateway of the network '{network}'.");
        if (wanted.Equals(subnet.Subnet.BaseAddress)) throw Error(ErrorCode.InvalidArgument, $"The address {wanted} is the base of the subnet {subnet.Subnet}, not one of a machine.");
        if (!IsForContainers(subnet, wanted)) throw Error(ErrorCode.InvalidArgument, $"The address {wanted} is the subnet {subnet.Subnet}'s for broadcasts, not one of a machine.");
    }

    // Not the base, which in IPv6 is that of all routers, not the gateway, and not IPv4's address for broadcasts.
    private static bool IsForContainers(NetworkSubnet subnet, IPAddress address)
        => !address.Equals(subnet.Subnet.BaseAddress) && !address.Equals(subnet.Gateway)
            && (address.GetAddressBytes().Length == 16 || subnet.Subnet.PrefixLength > 30 || !address.Equals(Subnets.At(subnet.Subnet, Subnets.LastPlace(subnet.Subnet) + 1)));

    private void Link(string id, string name, IPAddress address)
    {
        string folder = Path.Combine(_names, Key(name));
        string link = Path.Combine(folder, address.ToString());
        Directory.CreateDirectory(folder);
        if (Libc.TrySymlink(id, link) || Libc.ReadLink(link) == id) return;
        // Left over of one who had the address before.
        Libc.TryUnlink(link);
        if (!Libc.TrySymlink(id, link)) throw KernelError.From("symlink", Errno.EEXIST, link);
    }

    private static bool IsOf(string owner, string id) => owner.Length > id.Length && owner[id.Length] == ' ' && owner.StartsWith(id, StringComparison.Ordinal);

    private static bool IsOwner(string link, string id) => Libc.ReadLink(link) is { } owner && IsOf(owner, id);

    private void Clear(string link)
    {
        string address = Path.GetFileName(link);
        foreach (string folder in Directory.EnumerateDirectories(_names)) Libc.TryUnlink(Path.Combine(folder, address));
        Libc.TryUnlink(link);
    }

    private HeldFile Lock() => HeldFile.Take(networksRun, ".lock-" + network);

    private IPAddress? FindFree(NetworkSubnet subnet, string text)
    {
        HashSet<string> taken = [.. Links().Select(static link => Path.GetFileName(link))];
        IPNetwork range = subnet.Range ?? subnet.Subnet;
        for (System.Numerics.BigInteger place = 0, count = Subnets.Size(range); place < count; place++)
        {
            IPAddress address = Subnets.At(range, place);
            if (!IsForContainers(subnet, address) || taken.Contains(address.ToString())) continue;
            if (TryTake(address, text)) return address;
        }

        return null;
    }

    private bool TryTake(IPAddress address, string text) => Directory.Exists(_addresses)
        ? Libc.TrySymlink(text, Path.Combine(_addresses, address.ToString()))
        : throw Error(ErrorCode.NetworkNotFound, $"The network '{network}' has been removed.");

    // What runs left that were lost, and that no command has looked at since. Under the lock.
    private void Sweep(Func<string, bool> isAlive)
    {
        foreach (string link in Links())
        {
            if (Libc.ReadLink(link) is not { } text || isAlive(text.Split(' ')[0])) continue;
            Clear(link);
        }
    }

    private string[] Links() => Directory.Exists(_addresses) ? Directory.GetFileSystemEntries(_addresses) : [];

    private ContainerException Error(ErrorCode code, string message) => new(code, message, network);
}
