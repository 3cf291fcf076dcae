using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// What the framework leaves out of the machine's own cryptographic library, which it needs itself on Linux: signatures with Ed25519 (RFC 8032).
/// </summary>
internal static unsafe class OpenSsl
{
    /// <summary>The length of a signature.</summary>
    private const int Ed25519SignatureSize = 64;

    /// <summary>The versions that the framework works with; all of them have what is called here.</summary>
    private static readonly string[] Names = ["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"];

    /// <summary>Whether a signature is a key's, over exactly these bytes.</summary>
    /// <param name="key">The public key, SubjectPublicKeyInfo in DER (RFC 8410).</param>
    /// <param name="content">What is said to be signed.</param>
    /// <param name="signature">The signature.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/> for what is no key; <see cref="ErrorCode.NotSupported"/> without the library.</exception>
    public static bool VerifyEd25519(ReadOnlySpan<byte> key, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        nint library = Load();
        var parse = (delegate* unmanaged<nint, byte**, nint, nint>)NativeLibrary.GetExport(library, "d2i_PUBKEY");
        var freeKey = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "EVP_PKEY_free");
        var newContext = (delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "EVP_MD_CTX_new");
        var freeContext = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "EVP_MD_CTX_free");
        var begin = (delegate* unmanaged<nint, nint, nint, nint, nint, int>)NativeLibrary.GetExport(library, "EVP_DigestVerifyInit");
        var verify = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, int>)NativeLibrary.GetExport(library, "EVP_DigestVerify");
        var clearErrors = (delegate* unmanaged<void>)NativeLibrary.GetExport(library, "ERR_clear_error");
        nint publicKey = 0, context = 0;
        try
        {
            fixed (byte* der = key)
            {
                byte* at = der;
                publicKey = parse(0, &at, key.Length);
                if (publicKey == 0 || at != der + key.Length) throw new ContainerException(ErrorCode.InvalidArgument, "The key is no public key for Ed25519.");
            }

            if (signature.Length != Ed25519SignatureSize) return false;
            context = newContext();
            // No digest: the algorithm has its own.
            if (context == 0 || begin(context, 0, 0, 0, publicKey) != 1)
            {
                throw new ContainerException(ErrorCode.NotSupported, "The machine's OpenSSL cannot verify signatures with Ed25519.");
            }

            fixed (byte* signed = signature)
            {
                fixed (byte* bytes = content)
                {
                    return verify(context, signed, (nuint)signature.Length, bytes, (nuint)content.Length) == 1;
                }
            }
        }
        finally
        {
            if (context != 0) freeContext(context);
            if (publicKey != 0) freeKey(publicKey);
            // The framework's calls on this thread would take our errors for theirs.
            clearErrors();
        }
    }

    private static nint Load()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library)) return library;
        }

        throw new ContainerException(ErrorCode.NotSupported, "Signatures with Ed25519 need OpenSSL (libcrypto), which is not there.");
    }
}
