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
    /// <summary>The default route goes through the network with the highest.</summary>
    public int Priority { get; init; }

    /// <summary>Reads <c>network</c> or <c>name=network,alias=…,ip=…,ip6=…,priority=…</c>.</summary>
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
                "priority" when int.TryParse(value, out int number) => read with { Priority = number },
                _ => throw new ContainerException(ErrorCode.InvalidArgument, $"'{part}' in the network '{text}' cannot be understood; use name, alias, ip, ip6 and priority.", text),
            };
        }

        return read.Network.Length > 0 ? read : throw new ContainerException(ErrorCode.InvalidArgument, $"The network '{text}' has no name.", text);

        IPAddress Parse(string value, int size) => IPAddress.TryParse(value, out IPAddress? address) && address.GetAddressBytes().Length == size
            ? address
            : throw new ContainerException(ErrorCode.InvalidArgument, $"'{value}' in the network '{text}' is no IPv{(size == 4 ? 4 : 6)} address.", text);
    }
}
