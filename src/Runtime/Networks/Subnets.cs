using System.Net;
using System.Numerics;

namespace ContainerTools.Runtime.Networks;

/// <summary>Counts addresses, and chooses subnets.</summary>
internal static class Subnets
{
    // 10.90.0.0/16 to 10.127.0.0/16: apart from the defaults of Docker (172.17 and up), Podman (10.88) and Kubernetes (10.96.0.0/12 begins at 10.96, services only).
    private const int FirstFree = 90;
    private const int LastFree = 127;

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
        int bits = subnet.BaseAddress.GetAddressBytes().Length * 8;
        BigInteger size = BigInteger.One << (bits - subnet.PrefixLength);
        return bits == 32 && subnet.PrefixLength < 31 ? size - 2 : size - 1;
    }

    /// <summary>A subnet that overlaps with none of the given.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SubnetOverlaps"/>.</exception>
    public static IPNetwork FindFree(IReadOnlyList<IPNetwork> taken)
    {
        for (byte second = FirstFree; second <= LastFree; second++)
        {
            IPNetwork candidate = new(new IPAddress([10, second, 0, 0]), 16);
            if (!taken.Any(other => Overlap(candidate, other))) return candidate;
        }

        throw new ContainerException(ErrorCode.SubnetOverlaps, "All subnets from 10.90.0.0/16 to 10.127.0.0/16 are in use; give one with -Subnet.", null);
    }
}
