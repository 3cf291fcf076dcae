using System.Buffers;
using System.Security.Cryptography;

namespace ContainerTools.Runtime.Images;

/// <summary>Digests as OCI documents write them: <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
internal static class ImageDigest
{
    public const string Prefix = "sha256:";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>The digest of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> content) => Format(SHA256.HashData(content));

    /// <summary>Writes a hash as a digest.</summary>
    public static string Format(ReadOnlySpan<byte> hash) => Prefix + Convert.ToHexStringLower(hash);

    /// <summary>Whether this is a whole digest.</summary>
    public static bool IsValid(string? digest)
        => digest is { Length: 71 } && digest.StartsWith(Prefix, StringComparison.Ordinal) && IsHex(digest.AsSpan(Prefix.Length));

    /// <summary>Only lower-case hexadecimal digits.</summary>
    public static bool IsHex(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Digits);

    /// <summary>The digits; the digest must be valid, for they become a file name.</summary>
    public static string Hex(string digest)
        => IsValid(digest) ? digest[Prefix.Length..] : throw (digest.StartsWith("sha512:", StringComparison.Ordinal)
            ? new ContainerException(ErrorCode.ImageUnsupported, "The image uses SHA-512 digests; only SHA-256 is supported.", digest)
            : new ContainerException(ErrorCode.ImageCorrupt, $"The image has '{digest}' where a SHA-256 digest is due.", digest));

    /// <summary>A digest that may stand in an address and a file name, which others have written.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageCorrupt"/>, <see cref="ErrorCode.ImageUnsupported"/>.</exception>
    public static string Checked(string digest) => Prefix + Hex(digest);

    /// <summary>
    /// The chain id of a stack of layers (OCI image specification, config.md, "Layer ChainID"): names the layer together with all
    /// below it.
    /// </summary>
    public static string Chain(string? parent, string diffId)
        => parent is null ? diffId : Of(System.Text.Encoding.ASCII.GetBytes($"{parent} {diffId}"));

    /// <summary>The chain ids of an image's layers, base first.</summary>
    public static IReadOnlyList<string> Chains(IReadOnlyList<string> diffIds)
    {
        string[] chains = new string[diffIds.Count];
        for (int i = 0; i < chains.Length; i++) chains[i] = Chain(i == 0 ? null : chains[i - 1], diffIds[i]);
        return chains;
    }
}
