using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Linux;

/// <summary>An element of one of nftables' sets or maps, as the kernel has it: a key of several fields has each filled with zeros to a multiple of four bytes.</summary>
/// <param name="Set">The set or map.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value, in a map that is added to.</param>
internal sealed record FilterElement(string Set, byte[] Key, byte[]? Value = null)
{
    private const int InterfaceNameSize = 16;

    /// <summary>The type <c>ifname</c>.</summary>
    public static byte[] InterfaceName(string name)
    {
        byte[] field = new byte[InterfaceNameSize];
        Encoding.ASCII.GetBytes(name, field);
        return field;
    }

    /// <summary>The types <c>ipv4_addr</c> and <c>ipv6_addr</c>.</summary>
    public static byte[] Address(IPAddress address) => address.GetAddressBytes();

    /// <summary>The type <c>inet_service</c>.</summary>
    public static byte[] Port(int port) => [(byte)(port >> 8), (byte)port, 0, 0];

    /// <summary>The type <c>inet_proto</c>.</summary>
    public static byte[] Protocol(byte protocol) => [protocol, 0, 0, 0];
}
