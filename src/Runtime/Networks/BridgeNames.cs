using System.Security.Cryptography;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The names of the bridges of one engine's networks, and whose bridges those are that are there: the machine may have several engines, each with its state in a folder of its own, and none knows the
/// addresses that another gives out. A bridge's alias (ip link) says where the state of its engine is.
/// </summary>
/// <param name="root">The folder of the engine's state.</param>
internal sealed class BridgeNames(string root)
{
    /// <summary>The longest name that a device can have.</summary>
    public const int Longest = 15;

    private const string Prefix = "ct-";
    private const string AliasPrefix = "containertools ";
    // IFALIASZ is 256.
    private const int LongestRoot = 200;
    private readonly string _alias = AliasPrefix + (Encoding.UTF8.GetByteCount(root) <= LongestRoot ? root : Digest(root));

    /// <summary>The name for a network's bridge: its own with a prefix, or a digest where that would be too long.</summary>
    public static string Usual(string network) => network.Length <= Longest - Prefix.Length ? Prefix + network : Prefix + Digest(network);

    /// <summary>The name for the bridge of a network that is being made: another than the usual one where that is another engine's.</summary>
    public string For(string network, RouteNetlink links) => OtherOwner(Usual(network), links) is null ? Usual(network) : Prefix + Digest($"{root}\0{network}");

    /// <summary>Says that a bridge is this engine's, where nothing says so yet.</summary>
    public void Claim(string bridge, RouteNetlink links)
    {
        if (links.FindAlias(bridge) == "") links.SetAlias(bridge, _alias);
    }

    /// <summary>Where another engine, whose a bridge is, has its state; null where it is nobody's, this engine's, or not there.</summary>
    public string? OtherOwner(string bridge, RouteNetlink links)
        => links.FindAlias(bridge) is { } alias && alias != _alias && alias.StartsWith(AliasPrefix, StringComparison.Ordinal) ? alias[AliasPrefix.Length..] : null;

    /// <summary>Whether a bridge is there that is no other engine's.</summary>
    public bool IsThere(string bridge, RouteNetlink links) => links.FindAlias(bridge) is { } alias && (alias == _alias || !alias.StartsWith(AliasPrefix, StringComparison.Ordinal));

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..(Longest - Prefix.Length)];
}
