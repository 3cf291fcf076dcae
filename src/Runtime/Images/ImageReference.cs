using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ContainerTools.Runtime.Images;

/// <summary>
/// A name of an image as Docker reads it: <c>[domain/]path[:tag][@digest]</c> (the grammar of distribution/reference). The
/// full form of <c>busybox</c> is <c>docker.io/library/busybox:latest</c>, shown as <c>busybox:latest</c>.
/// </summary>
internal sealed partial record ImageReference
{
    private const string DefaultDomain = "docker.io";
    private const string OfficialPath = "library/";

    private ImageReference(string domain, string path, string? tag, string? digest)
    {
        Domain = domain;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>The registry's host, perhaps with a port.</summary>
    public string Domain { get; }
    /// <summary>The path in the registry.</summary>
    public string Path { get; }
    /// <summary>The tag; <c>latest</c> where neither tag nor digest is given.</summary>
    public string? Tag { get; }
    /// <summary>The manifest's digest, or null.</summary>
    public string? Digest { get; }

    /// <summary>Domain and path.</summary>
    public string Repository => $"{Domain}/{Path}";

    /// <summary>The repository as people write it.</summary>
    public string FamiliarRepository
    {
        get
        {
            if (Domain != DefaultDomain) return Repository;
            bool official = Path.StartsWith(OfficialPath, StringComparison.Ordinal) && !Path[OfficialPath.Length..].Contains('/');
            string name = official ? Path[OfficialPath.Length..] : Path;
            // A path may begin with what looks like a host, or look like an id; without the registry before it, it would be read as that.
            return IsShort(name) && !IsId(name) ? name : Repository;
        }
    }

    /// <summary>The whole reference as people write it.</summary>
    public string Familiar => FamiliarRepository + Suffix;

    /// <summary>The whole reference, nothing left to defaults.</summary>
    public override string ToString() => Repository + Suffix;

    /// <summary>The same repository with a tag and no digest.</summary>
    public ImageReference WithTag(string tag) => new(Domain, Path, tag, null);

    /// <summary>The same repository with a digest and no tag.</summary>
    public ImageReference WithDigest(string digest) => new(Domain, Path, null, digest);

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Reads a reference.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static ImageReference Parse(string text)
        => TryParse(text, out ImageReference? reference) ? reference : throw new ContainerException(
            ErrorCode.InvalidArgument,
            text.Any(char.IsUpper) && TryParse(text.ToLowerInvariant(), out _)
                ? $"'{text}' is not a valid image name: repository names are lower-case."
                : $"'{text}' is not a valid image name; write it as [host/]name[:tag].",
            text);

    /// <summary>Reads a reference.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ImageReference? reference)
    {
        reference = null;
        if (text is null || text.Length > 1024) return false;
        string name = text;
        string? digest = null;
        int at = name.IndexOf('@');
        if (at >= 0)
        {
            digest = name[(at + 1)..];
            name = name[..at];
            if (!ImageDigest.IsValid(digest)) return false;
        }

        string? tag = null;
        int colon = name.LastIndexOf(':');
        if (colon > name.LastIndexOf('/'))
        {
            tag = name[(colon + 1)..];
            name = name[..colon];
            if (!TagPattern().IsMatch(tag)) return false;
        }

        if (IsId(name)) return false;
        (string domain, string path) = Split(name);
        if (!PathPattern().IsMatch(path) || !DomainPattern().IsMatch(domain) || domain.Length + 1 + path.Length > 255) return false;
        reference = new ImageReference(domain, path, tag ?? (digest is null ? "latest" : null), digest);
        return true;
    }

    /// <summary>
    /// Whether a name leaves out its registry: the part before the first slash is a host if it looks like one (a dot, a port, an upper-case letter, or
    /// localhost).
    /// </summary>
    internal static bool IsShort(string name)
    {
        int slash = name.IndexOf('/');
        if (slash < 0) return true;
        ReadOnlySpan<char> first = name.AsSpan(0, slash);
        return !first.ContainsAny('.', ':') && !first.SequenceEqual("localhost") && !first.ContainsAnyInRange('A', 'Z');
    }

    /// <summary>64 hexadecimal digits are an id, not a name.</summary>
    private static bool IsId(string name) => name.Length == 64 && ImageDigest.IsHex(name);

    private static (string Domain, string Path) Split(string name)
    {
        int slash = name.IndexOf('/');
        bool isShort = IsShort(name);
        // Names of hosts know no case, and rules about registries must not be got around by one.
        string domain = isShort ? DefaultDomain : name.AsSpan(0, slash).ContainsAny('.', ':') ? name[..slash].ToLowerInvariant() : name[..slash];
        string path = isShort ? name : name[(slash + 1)..];
        if (domain == "index.docker.io") domain = DefaultDomain;
        if (domain == DefaultDomain && !path.Contains('/')) path = OfficialPath + path;
        return (domain, path);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"^(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?\z")]
    private static partial Regex DomainPattern();
}
