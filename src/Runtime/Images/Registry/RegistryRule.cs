namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What registries.conf says of the names with a prefix (containers-registries.conf(5)).</summary>
internal sealed record RegistryRule
{
    /// <summary>A host, perhaps with a port and the beginning of a path; or <c>*.</c> and a domain.</summary>
    public required string Prefix { get; init; }
    /// <summary>What stands in the place of the prefix; empty to leave it.</summary>
    public required string Location { get; init; }
    /// <summary>Whether plain HTTP and certificates that nobody vouches for are accepted.</summary>
    public bool Insecure { get; init; }
    /// <summary>Whether it may not be used.</summary>
    public bool Blocked { get; init; }
    /// <summary>Whether mirrors are asked for digests only.</summary>
    public bool MirrorByDigestOnly { get; init; }
    /// <summary>Asked before the registry itself, in this order.</summary>
    public IReadOnlyList<RegistryMirror> Mirrors { get; init; } = [];

    /// <summary>Whether a repository, with its registry, falls under it.</summary>
    public bool Matches(string repository) => MatchedLength(repository) > 0;

    /// <summary>The repository at the place that stands for the prefix.</summary>
    /// <param name="repository">The repository, with its registry.</param>
    /// <param name="location">That place; empty to leave it.</param>
    public string Rewrite(string repository, string location) => location.Length == 0 ? repository : location + repository[MatchedLength(repository)..];

    /// <summary>How much of a repository's name the prefix stands for: of a domain, the whole host. 0 where it does not fall under it.</summary>
    private int MatchedLength(string repository)
    {
        int length = Prefix.Length;
        if (Prefix.StartsWith("*.", StringComparison.Ordinal))
        {
            int slash = repository.IndexOf('/');
            string host = slash < 0 ? repository : repository[..slash];
            length = host.EndsWith(Prefix[1..], StringComparison.Ordinal) ? host.Length : host.LastIndexOf(Prefix[1..] + ":", StringComparison.Ordinal) + Prefix.Length - 1;
            return length >= Prefix.Length ? length : 0;
        }

        bool fits = repository.StartsWith(Prefix, StringComparison.Ordinal) && (repository.Length == length || repository[length] is '/' or ':' or '@');
        return fits ? length : 0;
    }
}

/// <summary>A mirror of a registry.</summary>
/// <param name="Location">A host, perhaps with a port and the beginning of a path.</param>
/// <param name="Insecure">Whether plain HTTP and certificates that nobody vouches for are accepted.</param>
/// <param name="Use">What it is asked for: <c>all</c>, <c>digest-only</c>, <c>tag-only</c>.</param>
internal sealed record RegistryMirror(string Location, bool Insecure, string Use);
