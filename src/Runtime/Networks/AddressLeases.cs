using System.Net;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The addresses and names that are in use in one network: <c>addresses/&lt;address&gt;</c> is a symbolic link whose text is the container's id and
/// name, and making it (EEXIST) is what takes an address, so that any number of starts in any number of processes get different ones;
/// <c>names/&lt;name&gt;/&lt;address&gt;</c> is what the resolvers read. On a tmpfs: after a restart of the machine nobody has an address.
/// </summary>
internal sealed class AddressLeases(string networksRun, string network)
{
    private readonly string _addresses = Path.Combine(networksRun, network, "addresses");
    private readonly string _names = Path.Combine(networksRun, network, "names");

    /// <summary>Takes an address.</summary>
    /// <param name="subnet">The subnet.</param>
    /// <param name="wanted">A fixed address; null for the lowest free one.</param>
    /// <param name="id">The container.</param>
    /// <param name="name">Its name.</param>
    /// <param name="isAlive">Whether the container of an id has a run; addresses of others can be taken over.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.AddressInUse"/>, <see cref="ErrorCode.InvalidArgument"/>.</exception>
    public IPAddress Take(NetworkSubnet subnet, IPAddress? wanted, string id, string name, Func<string, bool> isAlive)
    {
        string text = $"{id} {name}";
        if (wanted is not null)
        {
            if (!subnet.Subnet.Contains(wanted)) throw Error(ErrorCode.InvalidArgument, $"The address {wanted} is not in the subnet {subnet.Subnet} of the network '{network}'.");
            if (wanted.Equals(subnet.Gateway)) throw Error(ErrorCode.AddressInUse, $"The address {wanted} is the gateway of the network '{network}'.");
            if (TryTake(wanted, text)) return wanted;
            Sweep(isAlive);
            return TryTake(wanted, text) ? wanted : throw Error(ErrorCode.AddressInUse, $"The address {wanted} is in use in the network '{network}'.");
        }

        if (FindFree(subnet, text) is { } free) return free;
        Sweep(isAlive);
        return FindFree(subnet, text) ?? throw Error(ErrorCode.AddressInUse, $"All addresses of {subnet.Range ?? subnet.Subnet} in the network '{network}' are in use.");
    }

    /// <summary>Makes a name lead to an address.</summary>
    public void AddName(string name, IPAddress address)
    {
        string folder = Path.Combine(_names, Key(name));
        Directory.CreateDirectory(folder);
        Libc.TrySymlink("-", Path.Combine(folder, address.ToString()));
    }

    /// <summary>Gives an address back, if it is this container's, and the names that lead to it.</summary>
    public void Release(string id, IPAddress address, IEnumerable<string> names)
    {
        string link = Path.Combine(_addresses, address.ToString());
        if (Libc.ReadLink(link) is not { } owner || !owner.StartsWith(id, StringComparison.Ordinal)) return;
        // The folder of a name stays: it is small, on a tmpfs, and another start may be about to use it.
        foreach (string name in names) Libc.TryUnlink(Path.Combine(_names, Key(name), address.ToString()));
        Libc.TryUnlink(link);
    }

    /// <summary>The containers in the network: id to address.</summary>
    public IReadOnlyDictionary<string, string> Containers()
    {
        SortedDictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (string link in Links())
        {
            if (Libc.ReadLink(link) is not { } text) continue;
            string id = text.Split(' ')[0];
            string address = Path.GetFileName(link);
            found[id] = found.TryGetValue(id, out string? other) ? string.Join(' ', new[] { other, address }.Order(StringComparer.Ordinal)) : address;
        }

        return found;
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

        string folder = Path.GetDirectoryName(_addresses)!;
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        return true;
    }

    /// <summary>Names are compared without regard to case.</summary>
    public static string Key(string name) => name.ToLowerInvariant();

    private IPAddress? FindFree(NetworkSubnet subnet, string text)
    {
        HashSet<string> taken = [.. Links().Select(static link => Path.GetFileName(link))];
        IPNetwork range = subnet.Range ?? subnet.Subnet;
        for (System.Numerics.BigInteger place = 0, last = Subnets.LastPlace(range); place <= last; place++)
        {
            IPAddress address = Subnets.At(range, place);
            if (address.Equals(subnet.Subnet.BaseAddress) || address.Equals(subnet.Gateway) || taken.Contains(address.ToString())) continue;
            if (subnet.Range is not null && address.Equals(Subnets.At(subnet.Subnet, Subnets.LastPlace(subnet.Subnet) + 1))) continue;
            if (TryTake(address, text)) return address;
        }

        return null;
    }

    private bool TryTake(IPAddress address, string text) => Directory.Exists(_addresses)
        ? Libc.TrySymlink(text, Path.Combine(_addresses, address.ToString()))
        : throw Error(ErrorCode.NetworkNotFound, $"The network '{network}' has been removed.");

    // What runs left that were lost, and that no command has looked at since.
    private void Sweep(Func<string, bool> isAlive)
    {
        foreach (string link in Links())
        {
            if (Libc.ReadLink(link) is not { } text || isAlive(text.Split(' ')[0])) continue;
            string address = Path.GetFileName(link);
            foreach (string folder in Directory.EnumerateDirectories(_names)) Libc.TryUnlink(Path.Combine(folder, address));
            Libc.TryUnlink(link);
        }
    }

    private string[] Links() => Directory.Exists(_addresses) ? Directory.GetFileSystemEntries(_addresses) : [];

    private ContainerException Error(ErrorCode code, string message) => new(code, message, network);
}
