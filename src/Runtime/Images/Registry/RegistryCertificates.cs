using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// The certificates of one registry: <c>*.crt</c> are authorities that are trusted beside the system's, <c>*.cert</c> and <c>*.key</c> what the
/// client shows (containers-certs.d(5)).
/// </summary>
internal sealed class RegistryCertificates : IDisposable
{
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2Collection _clients = [];

    /// <summary>Reads a folder; null for none.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.RegistryCertificateInvalid"/>, <see cref="ErrorCode.FileNotFound"/>.</exception>
    public RegistryCertificates(string? folder)
    {
        if (folder is null) return;
        if (!Directory.Exists(folder)) throw new ContainerException(ErrorCode.FileNotFound, $"There is no folder {folder}.", folder);
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            switch (Path.GetExtension(file))
            {
                case ".crt":
                    Read(file, () => AddAuthorities(file));
                    break;
                case ".cert":
                    string key = Path.ChangeExtension(file, ".key");
                    if (!File.Exists(key)) throw Invalid(file, $"the client certificate {file} has no key {key}", null);
                    Read(file, () => _clients.Add(X509Certificate2.CreateFromPemFile(file, key)));
                    break;
                case ".key" when !File.Exists(Path.ChangeExtension(file, ".cert")):
                    throw Invalid(file, $"the key {file} has no client certificate {Path.ChangeExtension(file, ".cert")}", null);
            }
        }
    }

    /// <summary>Finds the folder of a registry among those of the machine; null where none has one.</summary>
    public static string? FolderOf(string host, IReadOnlyList<string> folders)
        => folders.Select(folder => Path.Combine(folder, host)).FirstOrDefault(Directory.Exists);

    /// <summary>The client's certificate for this registry; null for none.</summary>
    public X509Certificate? Client => _clients.Count > 0 ? _clients[0] : null;

    /// <summary>Whether a server's certificate is trusted: by the system, or by the authorities here. Its name must be right either way.</summary>
    public bool Trusts(X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null || _authorities.Count == 0) return false;
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.ExtraStore.AddRange(_authorities);
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        // A private authority seldom says where its revocations are to be had.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // serverAuth
        using X509Certificate2 server = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(server);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (X509Certificate2 certificate in _authorities) certificate.Dispose();
        foreach (X509Certificate2 certificate in _clients) certificate.Dispose();
    }

    /// <summary>All of a PEM file, or the one of a DER file.</summary>
    private void AddAuthorities(string file)
    {
        int before = _authorities.Count;
        _authorities.ImportFromPemFile(file);
        if (_authorities.Count == before) _authorities.Add(X509CertificateLoader.LoadCertificateFromFile(file));
    }

    private static void Read(string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw Invalid(file, $"{file} holds none that can be read", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {file}.", file, error);
        }
    }

    private static ContainerException Invalid(string file, string what, Exception? cause)
        => new(ErrorCode.RegistryCertificateInvalid, $"The certificates of the registry cannot be used: {what}.", file, cause);
}
