namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>One thing that an image must satisfy (containers-policy.json(5), "Policy Requirements").</summary>
internal sealed record TrustRequirement
{
    /// <summary>Whether images are refused whatever they are.</summary>
    public bool Rejects { get; init; }

    /// <summary>Why this cannot be satisfied here, whatever the image: a kind of signature that is not known. Null where it can.</summary>
    public string? Unsupported { get; init; }

    /// <summary>Public keys; a signature of one of them is enough. None where no signature is asked for.</summary>
    public IReadOnlyList<TrustKey> Keys { get; init; } = [];

    /// <summary>Whether the keys are those of GnuPG (<c>signedBy</c>); else they are in PEM, and cosign signs with them (<c>sigstoreSigned</c>).</summary>
    public bool IsGnuPg { get; init; }

    /// <summary>Which name the signature must give the image.</summary>
    public SignedIdentity Identity { get; init; } = SignedIdentity.Default;
}
