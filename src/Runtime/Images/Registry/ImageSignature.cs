using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// Verifies what cosign signs: in the same repository, under the tag <c>sha256-&lt;digest&gt;.sig</c>, a manifest whose layers are payloads of the
/// "simple signing" format, each with its signature in an annotation. The payload names the digest that it is about; nothing else of it counts.
/// </summary>
internal sealed class ImageSignature : IDisposable
{
    private const string PayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    private const string PayloadKind = "cosign container image signature";

    /// <summary>More signatures than anybody needs; each costs a request.</summary>
    private const int MaximumSignatures = 50;

    private readonly string _path;
    private readonly ECDsa? _ecdsa;
    private readonly RSA? _rsa;

    private ImageSignature(string path, ECDsa? ecdsa, RSA? rsa)
    {
        _path = path;
        _ecdsa = ecdsa;
        _rsa = rsa;
    }

    /// <summary>Reads a public key, PEM.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.FileNotFound"/>, <see cref="ErrorCode.InvalidArgument"/>, <see cref="ErrorCode.NotSupported"/>.</exception>
    public static ImageSignature ReadKey(string path)
    {
        string pem;
        try
        {
            pem = File.ReadAllText(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ContainerException(ErrorCode.FileNotFound, $"There is no key {path}.", path, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {path}.", path, error);
        }

        PublicKey key;
        try
        {
            if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] is not ("PUBLIC KEY" or "RSA PUBLIC KEY"))
            {
                throw new ContainerException(ErrorCode.InvalidArgument, $"{path} is no public key in PEM.", path);
            }

            if (pem[fields.Label] == "RSA PUBLIC KEY")
            {
                RSA old = RSA.Create();
                old.ImportFromPem(pem);
                return new ImageSignature(path, null, old);
            }

            key = PublicKey.CreateFromSubjectPublicKeyInfo(Convert.FromBase64String(pem[fields.Base64Data]), out _);
        }
        catch (Exception error) when (error is CryptographicException or FormatException)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"{path} is no public key in PEM.", path, error);
        }

        if (key.GetECDsaPublicKey() is { } ecdsa) return new ImageSignature(path, ecdsa, null);
        if (key.GetRSAPublicKey() is { } rsa) return new ImageSignature(path, null, rsa);
        throw new ContainerException(
            ErrorCode.NotSupported, $"The key {path} is of the kind {key.Oid.FriendlyName ?? key.Oid.Value}; ECDSA and RSA keys can be used.", path);
    }

    /// <summary>Verifies that an image, or the index it comes from, is signed with the key.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SignatureInvalid"/>.</exception>
    public async Task VerifyAsync(RemoteImage image, CancellationToken cancellationToken)
    {
        string name = image.Reference.Familiar;
        int found = 0;
        foreach (string digest in (string[])[image.Top.Digest, .. image.Top.Digest == image.Document.Digest ? (string[])[] : [image.Document.Digest]])
        {
            RegistryRepository? repository = null;
            RemoteDocument? document = null;
            foreach (RegistryRepository candidate in image.Repositories)
            {
                try
                {
                    document = await candidate.ManifestAsync($"sha256-{ImageDigest.Hex(digest)}.sig", cancellationToken);
                    repository = candidate;
                    break;
                }
                catch (ContainerException error) when (error.Code == ErrorCode.ImageNotFound)
                {
                    // Mirrors often leave signatures out.
                }
            }

            if (document is null) continue;
            if (!ImageMediaType.IsManifest(document.MediaType)) continue;
            ImageManifest manifest = ImageLayout.Parse(document.Content, document.Digest, ImageJson.Default.ImageManifest);
            foreach (ImageDescriptor layer in manifest.Layers.Take(MaximumSignatures))
            {
                if (layer.MediaType != PayloadType || layer.Annotations?.TryGetValue(SignatureAnnotation, out string? signature) != true) continue;
                found++;
                byte[] payload = await repository!.BlobAsync(layer, cancellationToken);
                if (IsSigned(payload, signature!) && IsAbout(payload, digest)) return;
            }
        }

        throw new ContainerException(
            ErrorCode.SignatureInvalid,
            found == 0 ? $"{name} ({image.Top.Digest}) is not signed." : $"{name} ({image.Top.Digest}) is signed, but not with the key {_path}.", name);
    }

    /// <summary>Whether the signature is the key's, over exactly these bytes.</summary>
    internal bool IsSigned(ReadOnlySpan<byte> payload, string base64)
    {
        byte[] signature;
        try
        {
            signature = Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            return false;
        }

        try
        {
            return _ecdsa?.VerifyData(payload, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
                ?? _rsa!.VerifyData(payload, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            // Not of the form that this key makes: not its signature.
            return false;
        }
    }

    /// <summary>Whether a payload is about this digest.</summary>
    internal static bool IsAbout(ReadOnlySpan<byte> payload, string digest)
    {
        try
        {
            Utf8JsonReader reader = new(payload);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("critical", out JsonElement critical) && critical.ValueKind == JsonValueKind.Object
                && critical.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() == PayloadKind
                && critical.TryGetProperty("image", out JsonElement image) && image.ValueKind == JsonValueKind.Object
                && image.TryGetProperty("docker-manifest-digest", out JsonElement signed) && signed.ValueKind == JsonValueKind.String
                && signed.GetString() == digest;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ecdsa?.Dispose();
        _rsa?.Dispose();
    }
}
