using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>
/// OpenPGP keys, and whether something is signed with one of them. <c>gpgv</c> says so: it is what a distribution verifies its own packages with, knows
/// every kind of key, and looks at no keyring but the one it is given.
/// </summary>
internal sealed class GpgKeyring : IDisposable
{
    private const string ArmorBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    private const string ArmorEnd = "-----END PGP PUBLIC KEY BLOCK-----";

    /// <summary>RFC 9580, section 5: the tag of a public key, in the old and in the new form of a packet's first byte.</summary>
    private const int PublicKeyTag = 6;

    private readonly string _program;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("containertools-keys-");

    private GpgKeyring(string program) => _program = program;

    private string Keys => Path.Combine(_folder.FullName, "keys.gpg");

    /// <summary>Reads keys.</summary>
    /// <param name="keys">Files, or keys themselves; armored or not.</param>
    /// <param name="policy">The file that names them, for messages.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.ToolMissing"/> without gpgv, <see cref="ErrorCode.FileNotFound"/>, <see cref="ErrorCode.PermissionDenied"/>,
    /// <see cref="ErrorCode.InvalidArgument"/>.
    /// </exception>
    public static GpgKeyring Read(IReadOnlyList<TrustKey> keys, string policy)
    {
        string program = ProgramPath.Find("gpgv")
            ?? throw new ContainerException(ErrorCode.ToolMissing, $"gpgv is not installed, and {policy} wants signatures of GnuPG; install gpgv (gnupg2).", "gpgv");
        GpgKeyring keyring = new(program);
        try
        {
            using FileStream file = new(keyring.Keys, FileMode.CreateNew);
            foreach (TrustKey key in keys) file.Write(Unpacked(key.Content(), key.Name(policy)));
            return keyring;
        }
        catch
        {
            keyring.Dispose();
            throw;
        }
    }

    /// <summary>What a signature is about, if it is of one of the keys; null where it is not, or is none.</summary>
    /// <param name="signature">A signed message of OpenPGP: content and signature in one.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<byte[]?> OpenAsync(ReadOnlyMemory<byte> signature, CancellationToken cancellationToken)
    {
        string message = Path.Combine(_folder.FullName, "signature"), payload = Path.Combine(_folder.FullName, "payload");
        File.Delete(payload);
        await File.WriteAllBytesAsync(message, signature, cancellationToken);
        ProcessStartInfo start = new(_program, ["--homedir", _folder.FullName, "--keyring", Keys, "--status-fd", "1", "--output", payload, "--", message])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // User ids are in the status lines, in whatever characters.
            StandardOutputEncoding = Encoding.Latin1,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            // What is said to people is not needed: the lines for programs (doc/DETAILS of GnuPG) say all of it.
            Task<string> status = process.StandardOutput.ReadToEndAsync(cancellationToken), words = process.StandardError.ReadToEndAsync(cancellationToken);
            string[] lines = (await status).Split('\n');
            await words;
            await process.WaitForExitAsync(cancellationToken);
            // One signature, and a good one: of a key that has expired or is revoked it would be EXPKEYSIG or REVKEYSIG.
            bool good = process.ExitCode == 0 && Count(lines, "NEWSIG") == 1 && Count(lines, "GOODSIG") == 1 && Count(lines, "VALIDSIG") == 1;
            return good ? await File.ReadAllBytesAsync(payload, cancellationToken) : null;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    private static int Count(string[] lines, string word)
        => lines.Count(line => line.StartsWith("[GNUPG:] ", StringComparison.Ordinal) && line.AsSpan(9).TrimEnd() is var said
            && said.StartsWith(word, StringComparison.Ordinal) && (said.Length == word.Length || said[word.Length] == ' '));

    /// <summary>Keys without their armor (RFC 9580, section 6.2); a file may have several blocks.</summary>
    internal static byte[] Unpacked(byte[] content, string name)
    {
        List<byte> keys = [];
        string text = Encoding.Latin1.GetString(content);
        for (int at = 0; (at = text.IndexOf(ArmorBegin, at, StringComparison.Ordinal)) >= 0;)
        {
            int begin = at + ArmorBegin.Length, end = text.IndexOf(ArmorEnd, begin, StringComparison.Ordinal);
            if (end < 0) throw Invalid(name);
            keys.AddRange(Decode(text[begin..end], name));
            at = end;
        }

        if (keys.Count == 0) keys.AddRange(content);
        bool isKey = keys is [var first, ..] && (first & 0x80) != 0 && ((first & 0x40) != 0 ? first & 0x3F : (first >> 2) & 0xF) == PublicKeyTag;
        return isKey ? [.. keys] : throw Invalid(name);
    }

    private static byte[] Decode(string block, string name)
    {
        // Headers ("Version: …") end with an empty line; the line with "=" at its beginning is the checksum.
        string[] lines = [.. block.Split('\n').Select(static line => line.Trim())];
        int empty = Array.IndexOf(lines, "", 1);
        string data = string.Concat(lines.Skip(empty + 1).TakeWhile(static line => !line.StartsWith('=')));
        if (empty < 0 || !Base64.IsValid(data)) throw Invalid(name);
        return Convert.FromBase64String(data);
    }

    private static ContainerException Invalid(string name) => new(ErrorCode.InvalidArgument, $"{name} is no public key of OpenPGP.", name);
}
