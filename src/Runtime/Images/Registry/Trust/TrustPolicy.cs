namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>
/// Which images this machine lets in, and on which conditions: policy.json (containers-policy.json(5)), the first of its files that exists. Without one,
/// every image is let in.
/// </summary>
/// <param name="path">The file; null for none.</param>
/// <param name="defaults">What is required where nothing else is said.</param>
/// <param name="transports">By transport and scope.</param>
internal sealed class TrustPolicy(
    string? path, IReadOnlyList<TrustRequirement> defaults, IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyList<TrustRequirement>>> transports)
{
    private const string Registries = "docker";

    /// <summary>Lets everything in.</summary>
    public static TrustPolicy Open { get; } = new(null, [], new Dictionary<string, IReadOnlyDictionary<string, IReadOnlyList<TrustRequirement>>>());

    /// <summary>The file; empty for none.</summary>
    public string Path => path ?? "";

    /// <summary>Reads the first of these files that exists.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static TrustPolicy Load(IEnumerable<string> files)
    {
        foreach (string file in files)
        {
            try
            {
                return TrustPolicyReader.Read(File.ReadAllBytes(file), file);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                continue;
            }
            catch (UnauthorizedAccessException error)
            {
                // To go on without it would be to let everything in.
                throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {file}, which says which images may be used.", file, error);
            }
        }

        return Open;
    }

    /// <summary>What an image of a registry must satisfy; all of it.</summary>
    public IReadOnlyList<TrustRequirement> For(ImageReference reference)
    {
        if (transports.TryGetValue(Registries, out IReadOnlyDictionary<string, IReadOnlyList<TrustRequirement>>? scopes))
        {
            foreach (string scope in ScopesOf(reference))
            {
                if (scopes.TryGetValue(scope, out IReadOnlyList<TrustRequirement>? requirements)) return requirements;
            }
        }

        return defaults;
    }

    /// <summary>What comes as a file must satisfy; all of it.</summary>
    /// <param name="transport">The policy's word for its kind: <c>docker-archive</c>, <c>oci-archive</c>, <c>oci</c>, <c>tarball</c>.</param>
    /// <param name="file">The absolute path, without symbolic links: scopes are a path, one of the folders above it, or a path and a name in it.</param>
    public IReadOnlyList<TrustRequirement> For(string transport, string file)
    {
        if (!transports.TryGetValue(transport, out IReadOnlyDictionary<string, IReadOnlyList<TrustRequirement>>? scopes)) return defaults;
        // Which of the names in a file are meant is known only when it has been read: all that is said of one of them holds for the whole.
        List<TrustRequirement> found = [.. scopes.Where(scope => scope.Key.StartsWith(file + ":", StringComparison.Ordinal)).SelectMany(static scope => scope.Value)];
        for (string? place = file; place is { Length: > 0 }; place = System.IO.Path.GetDirectoryName(place))
        {
            if (scopes.TryGetValue(place, out IReadOnlyList<TrustRequirement>? here)) return [.. found, .. here];
        }

        return [.. found, .. scopes.TryGetValue("", out IReadOnlyList<TrustRequirement>? all) ? all : defaults];
    }

    /// <summary>Refuses a registry's image that cannot be let in whatever is in it, before the registry is asked.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageRejected"/>.</exception>
    public void Admit(ImageReference reference)
    {
        foreach (TrustRequirement requirement in For(reference)) Refuse(requirement, reference.Familiar);
    }

    /// <summary>Refuses an image in a file, which has no signatures.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ImageRejected"/>.</exception>
    public void AdmitFile(string transport, string file)
    {
        foreach (TrustRequirement requirement in For(transport, file))
        {
            Refuse(requirement, file);
            if (requirement.Keys.Count > 0) throw Rejected(file, $"wants signatures of images that come as {transport}, which have none");
        }
    }

    private void Refuse(TrustRequirement requirement, string subject)
    {
        if (requirement.Rejects) throw Rejected(subject, "lets no such image in");
        if (requirement.Unsupported is { } why) throw Rejected(subject, why);
    }

    private ContainerException Rejected(string subject, string why) => new(ErrorCode.ImageRejected, $"{subject} is not let in: the policy in {path} {why}.", subject);

    /// <summary>From the image alone to the domain (containers-policy.json(5), "docker:").</summary>
    internal static IEnumerable<string> ScopesOf(ImageReference reference)
    {
        yield return reference.ToString();
        for (string scope = reference.Repository; ;)
        {
            yield return scope;
            int slash = scope.LastIndexOf('/');
            if (slash < 0) break;
            scope = scope[..slash];
        }

        string host = reference.Domain.Split(':')[0];
        for (int dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.'))
        {
            host = host[(dot + 1)..];
            yield return "*." + host;
        }

        yield return "";
    }
}
