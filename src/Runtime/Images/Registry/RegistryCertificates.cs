using System.Collections.Concurrent;
using System.Globalization;
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
    private readonly ConcurrentDictionary<string, string> _objections = new(StringComparer.OrdinalIgnoreCase);
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
    /// <param name="host">The server, as it was asked for.</param>
    /// <param name="certificate">What it shows.</param>
    /// <param name="presented">What the system makes of that.</param>
    /// <param name="errors">What the system has against it.</param>
    public bool Trusts(string host, X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        List<string> objections = [];
        if (certificate is null)
        {
            objections.Add("it shows none");
        }
        else
        {
            using X509Certificate2 server = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) objections.Add($"it is for {Names(server)}, not for {host}");
            if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)) objections.AddRange(Objections(server, presented));
        }

        if (objections.Count == 0) return true;
        _objections[host] = RegistryText.Clean(string.Join("; ", objections));
        return false;
    }

    /// <summary>What there is against the certificate that a server has shown; null for nothing.</summary>
    public string? Objection(string host) => _objections.GetValueOrDefault(host);

    private List<string> Objections(X509Certificate2 server, X509Chain? presented)
    {
        if (_authorities.Count == 0) return presented is null ? ["it could not be checked"] : Objections(server, presented.ChainStatus, presented.ChainElements);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.ExtraStore.AddRange(_authorities);
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        // A private authority seldom says where its revocations are to be had.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // serverAuth
        return chain.Build(server) ? [] : Objections(server, chain.ChainStatus, chain.ChainElements);
    }

    private static List<string> Objections(X509Certificate2 server, X509ChainStatus[] status, X509ChainElementCollection chain)
    {
        X509ChainStatusFlags flags = status.Aggregate(X509ChainStatusFlags.NoError, static (all, one) => all | one.Status);
        List<string> objections = [];
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            DateTime now = DateTime.Now;
            X509Certificate2 at = chain.Select(element => element.Certificate).FirstOrDefault(one => now < one.NotBefore || now > one.NotAfter) ?? server;
            string whose = at.Thumbprint == server.Thumbprint ? "it" : $"that of its authority '{at.Subject}'";
            objections.Add(now < at.NotBefore
                ? string.Create(CultureInfo.InvariantCulture, $"{whose} begins to count on {at.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC")
                : string.Create(CultureInfo.InvariantCulture, $"{whose} ended on {at.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC"));
        }

        if ((flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
        {
            X509Certificate2 last = chain.Count > 0 ? chain[^1].Certificate : server;
            objections.Add(last.Subject == server.Subject && last.Issuer == server.Subject
                ? "nobody but itself vouches for it"
                : $"its authority '{last.Issuer}' is not known here");
        }

        if (flags.HasFlag(X509ChainStatusFlags.Revoked)) objections.Add("it was revoked");
        if (flags.HasFlag(X509ChainStatusFlags.NotValidForUsage)) objections.Add("it is not meant for servers");
        if (objections.Count == 0) objections.AddRange(status.Where(one => one.Status != X509ChainStatusFlags.NoError).Select(one => one.StatusInformation.TrimEnd('.', ' ')));
        return objections;
    }

    private static string Names(X509Certificate2 server)
    {
        List<string> names = [];
        foreach (X509SubjectAlternativeNameExtension extension in server.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            names.AddRange(extension.EnumerateDnsNames());
            names.AddRange(extension.EnumerateIPAddresses().Select(static address => address.ToString()));
        }

        return names.Count == 0 ? $"'{server.Subject}'" : string.Join(", ", names.Take(10)) + (names.Count > 10 ? ", …" : "");
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
