using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>
/// Verifies what cosign signs: in the same repository, under the tag <c>sha256-&lt;digest&gt;.sig</c>, a manifest whose layers are payloads of the
/// "simple signing" format, each with its signature in an annotation. The payload names the digest that it is about, and the image.
/// </summary>
internal static class CosignSignature
{
    private const string PayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <summary>More signatures than anybody needs; each costs a request.</summary>
    private const int MaximumSignatures = 50;

    /// <summary>Verifies that an image, or the index it comes from, is signed with a key.</summary>
    /// <param name="image">The image.</param>
    /// <param name="keys">The keys; a signature of one of them is enough.</param>
    /// <param name="fits">Whether the name in a signature will do; null where any does.</param>
    /// <param name="whole">Whether all of an index is wanted: then a signature of one image in it says nothing of the others.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SignatureInvalid"/>.</exception>
    public static async Task VerifyAsync(
        RemoteImage image, IReadOnlyList<SignatureKey> keys, Func<string, bool>? fits, bool whole, CancellationToken cancellationToken)
    {
        string name = image.Reference.Familiar;
        int found = 0;
        bool otherName = false;
        ContainerException? failure = null;
        foreach (string digest in image.Signable(whole))
        {
            // Mirrors often leave signatures out, or have old ones: the next is asked as long as none has verified.
            foreach (RegistryRepository repository in image.Repositories)
            {
                try
                {
                    if (await IsSignedAsync(repository, digest)) return;
                }
                catch (ContainerException error) when (RemoteImageReader.IsElsewhere(error) || error.Code is ErrorCode.ImageCorrupt or ErrorCode.DigestMismatch)
                {
                    if (error.Code != ErrorCode.ImageNotFound) failure ??= error;
                }
            }
        }

        // Whoever could not be asked may have had it.
        if (found == 0 && failure is not null) throw failure;
        throw new ContainerException(
            ErrorCode.SignatureInvalid,
            found == 0 ? $"{name} ({image.Top.Digest}) is not signed."
                : otherName ? $"{name} ({image.Top.Digest}) is signed with the right key, but under another name."
                : $"{name} ({image.Top.Digest}) is signed, but not with the key {string.Join(" or ", keys.Select(key => key.Name))}.",
            name);

        async Task<bool> IsSignedAsync(RegistryRepository repository, string digest)
        {
            RemoteDocument document = await repository.ManifestAsync($"sha256-{ImageDigest.Hex(digest)}.sig", cancellationToken);
            if (!ImageMediaType.IsManifest(document.MediaType)) return false;
            ImageManifest manifest = ImageLayout.Parse(document.Content, document.Digest, ImageJson.Default.ImageManifest);
            foreach (ImageDescriptor layer in manifest.Layers.Take(MaximumSignatures))
            {
                if (layer.MediaType != PayloadType || layer.Annotations?.TryGetValue(SignatureAnnotation, out string? signature) != true) continue;
                found++;
                byte[] payload = await repository.BlobAsync(layer, cancellationToken);
                if (!keys.Any(key => key.IsSigned(payload, signature!)) || !SigningPayload.IsAbout(payload, SigningPayload.Cosign, digest)) continue;
                if (SigningPayload.IsAbout(payload, SigningPayload.Cosign, digest, fits)) return true;
                otherName = true;
            }

            return false;
        }
    }
}
