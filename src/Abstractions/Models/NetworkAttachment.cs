using System.Net;

namespace ContainerTools;

/// <summary>That a container is in a network, as it was asked for.</summary>
public sealed record NetworkAttachment
{
    /// <summary>The network's name.</summary>
    public required string Network { get; init; }
    /// <summary>Names in this network besides the container's own.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
    /// <summary>A fixed IPv4 address; null for a free one.</summary>
    public IPAddress? Address { get; init; }
    /// <summary>A fixed IPv6 address; null for a free one.</summary>
    public IPAddress? IPv6Address { get; init; }
    /// <summary>A fixed hardware address, <c>02:42:0a:5a:00:07</c>; null for one that is derived from the address.</summary>
    public string? HardwareAddress { get; init; }
    /// <summary>The default route goes through the network with the highest.</summary>
    public int Priority { get; init; }

    /// <summary>Reads <c>network</c> or <c>name=network,alias=…,ip=…,ip6=…,mac-address=…,priority=…</c>.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static NetworkAttachment Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.Contains('=', StringComparison.Ordinal)) return new NetworkAttachment { Network = text };
        NetworkAttachment read = new() { Network = "" };
        foreach (string part in text.Split(','))
        {
            string[] pair = part.Split('=', 2);
            string value = pair.Length == 2 ? pair[1] : "";
            read = pair[0] switch
            {
                "name" => read with { Network = value },
                "alias" => read with { Aliases = [.. read.Aliases, value] },
                "ip" => read with { Address = Parse(value, 4) },
                "ip6" => read with { IPv6Address = Parse(value, 16) },
                "mac-address" => read with { HardwareAddress = ParseHardwareAddress(value) },
                "priority" when int.TryParse(value, out int number) => read with { Priority = number },
                _ => throw new ContainerException(ErrorCode.InvalidArgument, $"'{part}' in the network '{text}' cannot be understood; use name, alias, ip, ip6, mac-address and priority.", text),
            };
        }

        return read.Network.Length > 0 ? read : throw new ContainerException(ErrorCode.InvalidArgument, $"The network '{text}' has no name.", text);

        IPAddress Parse(string value, int size) => AddressText.TryParse(value, out IPAddress? address) && address.GetAddressBytes().Length == size
            ? address
            : throw new ContainerException(ErrorCode.InvalidArgument, $"'{value}' in the network '{text}' is no IPv{(size == 4 ? 4 : 6)} address.", text);
    }

    /// <summary>A hardware address as it is kept: six bytes in small hexadecimal digits with colons.</summary>
    /// <param name="text">The same with hyphens, or with capital digits, as well.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>: it is none, or that of a group, or all zero.</exception>
    public static string ParseHardwareAddress(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':', '-');
        byte[] bytes = new byte[6];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (parts.Length != bytes.Length || parts[i].Length != 2 || !byte.TryParse(parts[i], System.Globalization.NumberStyles.AllowHexSpecifier, null, out bytes[i]))
            {
                throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' is no hardware address; write six bytes in hexadecimal: 02:42:0a:5a:00:07.", text);
            }
        }

        // The kernel gives a device no address that frames to many, or to nobody, have.
        if ((bytes[0] & 1) != 0 || bytes.All(static part => part == 0))
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' cannot be the hardware address of a single device.", text);
        }

        return string.Join(':', bytes.Select(static part => part.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
