namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>How the name in a signature is compared.</summary>
internal enum SignedIdentityKind
{
    /// <summary>The same name and tag; of an image that was asked for by digest, the same repository.</summary>
    MatchRepoDigestOrExact,
    /// <summary>The same name and tag, or digest.</summary>
    MatchExact,
    /// <summary>The same repository: what cosign's own signatures have.</summary>
    MatchRepository,
    /// <summary>One certain name.</summary>
    ExactReference,
    /// <summary>One certain repository.</summary>
    ExactRepository,
    /// <summary>The name with another beginning.</summary>
    RemapIdentity,
}
