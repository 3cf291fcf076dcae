using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>A public key that images are signed with: ECDSA, RSA or Ed25519.</summary>
internal sealed class SignatureKey : IDisposable
{
    private const string Ed25519 = "1.3.101.112";
    private const int LeastRsaSize = 2048;

    private readonly ECDsa? _ecdsa;
    private readonly RSA? _rsa;
    private readonly byte[]? _ed25519;

    private SignatureKey(string name, ECDsa? ecdsa, RSA? rsa, byte[]? ed25519)
    {
        Name = name;
        _ecdsa = ecdsa;
        _rsa = rsa;
        _ed25519 = ed25519;
    }

    /// <summary>Where it comes from, for messages.</summary>
    public string Name { get; }

    /// <summary>Reads a file in PEM.</summary>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.FileNotFound"/>, <see cref="ErrorCode.PermissionDenied"/>, <see cref="ErrorCode.InvalidArgument"/>, <see cref="ErrorCode.NotSupported"/>.
    /// </exception>
    public static SignatureKey Read(string path) => new TrustKey(path, null).Pem(path);

    /// <summary>Reads PEM.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="name">Where it comes from, for messages.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>, <see cref="ErrorCode.NotSupported"/>.</exception>
    public static SignatureKey Parse(string pem, string name)
    {
        try
        {
            if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] is not ("PUBLIC KEY" or "RSA PUBLIC KEY"))
            {
                throw new ContainerException(ErrorCode.InvalidArgument, $"{name} is no public key in PEM.", name);
            }

            if (pem[fields.Label] == "RSA PUBLIC KEY")
            {
                RSA old = RSA.Create();
                old.ImportFromPem(pem[fields.Location]);
                return OfRsa(old, name);
            }

            byte[] der = Convert.FromBase64String(pem[fields.Base64Data]);
            PublicKey key = PublicKey.CreateFromSubjectPublicKeyInfo(der, out _);
            if (key.Oid.Value == Ed25519) return OfEd25519(der, name);
            if (key.GetECDsaPublicKey() is { } ecdsa) return new SignatureKey(name, ecdsa, null, null);
            if (key.GetRSAPublicKey() is { } rsa) return OfRsa(rsa, name);
            throw new ContainerException(
                ErrorCode.NotSupported, $"The key {name} is of the kind {key.Oid.FriendlyName ?? key.Oid.Value}; ECDSA, RSA and Ed25519 keys can be used.", name);
        }
        catch (Exception error) when (error is CryptographicException or FormatException)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"{name} is no public key in PEM.", name, error);
        }
    }

    /// <summary>Whether a signature is this key's, over exactly these bytes.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="base64">The signature.</param>
    public bool IsSigned(ReadOnlySpan<byte> payload, string base64)
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
            if (_ed25519 is not null) return OpenSsl.VerifyEd25519(_ed25519, payload, signature);
            if (_rsa is not null) return _rsa.VerifyData(payload, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            // cosign hashes with SHA-256 whatever the curve; other tools take the hash that is as strong as the curve.
            return IsSigned(payload, signature, HashAlgorithmName.SHA256)
                || (_ecdsa!.KeySize > 256 && IsSigned(payload, signature, _ecdsa.KeySize > 384 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA384));
        }
        catch (CryptographicException)
        {
            // Not of the form that this key makes: not its signature.
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ecdsa?.Dispose();
        _rsa?.Dispose();
    }

    private bool IsSigned(ReadOnlySpan<byte> payload, byte[] signature, HashAlgorithmName hash)
        => _ecdsa!.VerifyData(payload, signature, hash, DSASignatureFormat.Rfc3279DerSequence);

    private static SignatureKey OfRsa(RSA rsa, string name)
    {
        if (rsa.KeySize >= LeastRsaSize) return new SignatureKey(name, null, rsa, null);
        rsa.Dispose();
        throw new ContainerException(ErrorCode.NotSupported, $"The key {name} is an RSA key of less than {LeastRsaSize} bits, which proves nothing any more.", name);
    }

    private static SignatureKey OfEd25519(byte[] der, string name)
    {
        // Fails here for what is no key, and where the library is missing, rather than after the image was asked for.
        try
        {
            OpenSsl.VerifyEd25519(der, [], []);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.InvalidArgument)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"{name} is no public key in PEM.", name, error);
        }

        return new SignatureKey(name, null, null, der);
    }
}
