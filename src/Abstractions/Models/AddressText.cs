using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace ContainerTools;

/// <summary>Addresses as people write them.</summary>
public static class AddressText
{
    /// <summary>Reads an IPv4 address of four numbers, or an IPv6 address. <see cref="IPAddress"/> itself also takes <c>10.1</c> and <c>7</c>, which are rather mistakes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (IPAddress.TryParse(text, out address) && (text!.Contains(':', StringComparison.Ordinal) || text.Split('.').Length == 4)) return true;
        address = null;
        return false;
    }
}
