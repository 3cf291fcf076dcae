namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>Verifies what <c>podman push --sign-by</c>, <c>skopeo copy --sign-by</c> and Red Hat sign with GnuPG (containers-signature(5)).</summary>
internal static class GpgSignature
{
    /// <summary>Verifies that an image, or the index it comes from, is signed with a key.</summary>
    /// <param name="image">The image.</param>
    /// <param name="keyring">The keys; a signature of one of them is enough.</param>
    /// <param name="lookaside">Where signatures are.</param>
    /// <param name="fits">Whether the name in a signature will do.</param>
    /// <param name="whole">Whether all of an index is wanted: then a signature of one image in it says nothing of the others.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SignatureInvalid"/>, and those of <see cref="SignatureLookaside.ReadAsync"/>.</exception>
    public static async Task VerifyAsync(
        RemoteImage image, GpgKeyring keyring, SignatureLookaside lookaside, Func<string, bool> fits, bool whole, CancellationToken cancellationToken)
    {
        string name = image.Reference.Familiar;
        bool found = false, otherName = false;
        foreach (string digest in image.Signable(whole))
        {
            await foreach (byte[] signature in lookaside.ReadAsync(image.Reference, digest, cancellationToken))
            {
                found = true;
                if (await keyring.OpenAsync(signature, cancellationToken) is not { } payload || !SigningPayload.IsAbout(payload, SigningPayload.Atomic, digest)) continue;
                if (SigningPayload.IsAbout(payload, SigningPayload.Atomic, digest, fits)) return;
                otherName = true;
            }
        }

        throw new ContainerException(
            ErrorCode.SignatureInvalid,
            !found ? $"{name} ({image.Top.Digest}) is not signed: {lookaside.Place(image.Reference)} has no signature of it."
                : otherName ? $"{name} ({image.Top.Digest}) is signed with the right key, but under another name."
                : $"{name} ({image.Top.Digest}) is signed, but not with a key that the policy names.",
            name);
    }
}
