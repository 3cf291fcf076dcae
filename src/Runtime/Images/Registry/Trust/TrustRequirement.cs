namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>One thing that an image must satisfy (containers-policy.json(5), "Policy Requirements").</summary>
internal sealed record TrustRequirement
{
    /// <summary>Whether images are refused whatever they are.</summary>
    public bool Rejects { get; init; }

    /// <summary>Why this cannot be satisfied here, whatever the image: a kind of signature that is not known. Null where it can.</summary>
    public string? Unsupported { get; init; }

    /// <summary>Files in PEM with public keys, and keys themselves; a signature of one of them is enough.</summary>
    public IReadOnlyList<TrustKey> Keys { get; init; } = [];

    /// <summary>Which name the signature must give the image.</summary>
    public SignedIdentity Identity { get; init; } = SignedIdentity.Default;
}

/// <summary>A key of a policy.</summary>
/// <param name="Path">Its file; null where the policy has the key itself.</param>
/// <param name="Pem">The key; null where a file has it.</param>
internal sealed record TrustKey(string? Path, string? Pem)
{
    /// <summary>Reads it.</summary>
    /// <param name="policy">The file of the policy, for messages.</param>
    public SignatureKey Read(string policy) => Path is not null ? SignatureKey.Read(Path) : SignatureKey.Parse(Pem!, $"the key in {policy}");
}
