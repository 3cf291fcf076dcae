using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;

namespace ContainerTools.Runtime.Networks;

/// <summary>Counts addresses, and chooses subnets.</summary>
internal static class Subnets
{
    // Docker's default pools, in its order; then a part of 10.0.0.0/8 apart from those of Podman (10.88) and of Kubernetes' usual choices below 10.90.
    private static readonly (IPNetwork Pool, int Prefix)[] s_pools =
    [
        (IPNetwork.Parse("172.17.0.0/16"), 16),
        (IPNetwork.Parse("172.18.0.0/15"), 16),
        (IPNetwork.Parse("172.20.0.0/14"), 16),
        (IPNetwork.Parse("172.24.0.0/13"), 16),
        (IPNetwork.Parse("192.168.0.0/16"), 20),
        (IPNetwork.Parse("10.90.0.0/15"), 16),
        (IPNetwork.Parse("10.92.0.0/14"), 16),
    ];

    private const int UniqueLocalPrefix = 64;
    private const int UniqueLocalSubnets = 1 << 16;

    /// <summary>Whether two subnets have an address in common.</summary>
    public static bool Overlap(IPNetwork one, IPNetwork other)
        => one.BaseAddress.AddressFamily == other.BaseAddress.AddressFamily && (one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress));

    /// <summary>The address at a place in a subnet; 0 is its base.</summary>
    public static IPAddress At(IPNetwork subnet, BigInteger place)
    {
        byte[] bytes = subnet.BaseAddress.GetAddressBytes();
        BigInteger number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true) + place;
        byte[] sum = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] address = new byte[bytes.Length];
        sum.CopyTo(address.AsSpan(bytes.Length - sum.Length));
        return new IPAddress(address);
    }

    /// <summary>The place of the last address that a container can have: IPv4's last one is for broadcasts.</summary>
    public static BigInteger LastPlace(IPNetwork subnet)
    {
        BigInteger size = Size(subnet);
        return subnet.BaseAddress.GetAddressBytes().Length == 4 && subnet.PrefixLength < 31 ? size - 2 : size - 1;
    }

    /// <summary>How many addresses a subnet or range has, those included that no container can have.</summary>
    public static BigInteger Size(IPNetwork subnet) => BigInteger.One << ((subnet.BaseAddress.GetAddressBytes().Length * 8) - subnet.PrefixLength);

    /// <summary>The first subnet of the pools that overlaps with none of the given.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SubnetOverlaps"/>.</exception>
    public static IPNetwork FindFree(IReadOnlyList<IPNetwork> taken)
    {
        foreach ((IPNetwork pool, int prefix) in s_pools)
        {
            int count = 1 << (prefix - pool.PrefixLength);
            for (int i = 0; i < count; i++)
            {
                IPNetwork candidate = new(At(pool, BigInteger.One * i << (32 - prefix)), prefix);
                if (!taken.Any(other => Overlap(candidate, other))) return candidate;
            }
        }

        throw new ContainerException(
            ErrorCode.SubnetOverlaps, "All subnets that networks get by themselves (172.17.0.0/16 to 172.31.0.0/16, 192.168.0.0/16, 10.90.0.0/16 to 10.95.0.0/16) are in use; give one with -Subnet.", null);
    }

    /// <summary>
    /// The first /64 of this machine's unique local addresses (RFC 4193) that overlaps with none of the given. The 40 bits after fd are this machine's own, and the same
    /// every time: two machines that are joined one day do not have the same addresses.
    /// </summary>
    /// <param name="machine">What tells this machine from others, as /etc/machine-id.</param>
    /// <param name="taken">Subnets in use.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SubnetOverlaps"/>.</exception>
    public static IPNetwork FindUniqueLocal(ReadOnlySpan<byte> machine, IReadOnlyList<IPNetwork> taken)
    {
        byte[] address = new byte[16];
        address[0] = 0xFD;
        SHA256.HashData(machine).AsSpan(0, 5).CopyTo(address.AsSpan(1));
        for (int i = 0; i < UniqueLocalSubnets; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(address.AsSpan(6), (ushort)i);
            IPNetwork candidate = new(new IPAddress(address), UniqueLocalPrefix);
            if (!taken.Any(other => Overlap(candidate, other))) return candidate;
        }

        throw new ContainerException(ErrorCode.SubnetOverlaps, "All IPv6 subnets that networks get by themselves are in use; give one with -Subnet.", null);
    }
}
