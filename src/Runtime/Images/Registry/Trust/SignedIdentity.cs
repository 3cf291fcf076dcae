namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>Which name a signature must give the image (containers-policy.json(5), "signedIdentity").</summary>
/// <param name="Kind">The type in the policy.</param>
/// <param name="Reference">The name that is meant by <c>exactReference</c> and <c>exactRepository</c>, and the prefix of <c>remapIdentity</c>.</param>
/// <param name="SignedPrefix">What stands for the prefix in the signature.</param>
internal sealed record SignedIdentity(SignedIdentityKind Kind, string Reference = "", string SignedPrefix = "")
{
    /// <summary>Where the policy says nothing.</summary>
    public static SignedIdentity Default { get; } = new(SignedIdentityKind.MatchRepoDigestOrExact);

    /// <summary>Whether the name in a signature is the one that it must be.</summary>
    /// <param name="image">The image that was asked for.</param>
    /// <param name="signed">The name in the signature.</param>
    public bool Fits(ImageReference image, string signed)
    {
        if (!ImageReference.TryParse(signed, out ImageReference? name)) return false;
        switch (Kind)
        {
            case SignedIdentityKind.MatchExact:
                return IsWhole(signed) && name.ToString() == image.ToString();
            case SignedIdentityKind.MatchRepository:
                return name.Repository == image.Repository;
            case SignedIdentityKind.ExactReference:
                return IsWhole(signed) && ImageReference.TryParse(Reference, out ImageReference? wanted) && name.ToString() == wanted.ToString();
            case SignedIdentityKind.ExactRepository:
                return ImageReference.TryParse(Reference, out ImageReference? repository) && name.Repository == repository.Repository;
            case SignedIdentityKind.RemapIdentity:
                return Remap(image) is { } moved && FitsDigestOrExact(moved, name, signed);
            default:
                return FitsDigestOrExact(image, name, signed);
        }
    }

    /// <summary>Whether the name says which image of the repository it is: nothing is left to defaults here.</summary>
    private static bool IsWhole(string name) => name.AsSpan(name.LastIndexOf('/') + 1).ContainsAny(':', '@');

    private static bool FitsDigestOrExact(ImageReference image, ImageReference name, string signed)
        // Who asks for a digest has said which image it is; only the repository remains to be compared.
        => IsWhole(signed) && (image.Digest is not null ? name.Repository == image.Repository : name.ToString() == image.ToString());

    private ImageReference? Remap(ImageReference image)
    {
        // Of the repository alone: what follows a host after a colon is a port, and so another registry.
        if (!image.Repository.StartsWith(Reference, StringComparison.Ordinal)) return image;
        if (image.Repository.Length > Reference.Length && image.Repository[Reference.Length] != '/') return image;
        string rest = image.ToString()[Reference.Length..];
        return ImageReference.TryParse(SignedPrefix + rest, out ImageReference? moved) ? moved : null;
    }
}
