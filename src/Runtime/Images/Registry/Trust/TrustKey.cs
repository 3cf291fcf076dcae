using System.Text;

namespace ContainerTools.Runtime.Images.Registry.Trust;

/// <summary>A key, or several, of a policy.</summary>
/// <param name="Path">Its file; null where the policy has the key itself.</param>
/// <param name="Data">The key; null where a file has it.</param>
internal sealed record TrustKey(string? Path, byte[]? Data)
{
    /// <summary>Where it comes from, for messages.</summary>
    /// <param name="policy">The file of the policy.</param>
    public string Name(string policy) => Path ?? $"the key in {policy}";

    /// <summary>What the file or the policy has.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.FileNotFound"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public byte[] Content()
    {
        if (Data is not null) return Data;
        try
        {
            return File.ReadAllBytes(Path!);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ContainerException(ErrorCode.FileNotFound, $"There is no key {Path}.", Path, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"You may not read {Path}.", Path, error);
        }
    }

    /// <summary>Reads it as one public key in PEM.</summary>
    /// <param name="policy">The file of the policy, for messages.</param>
    public SignatureKey Pem(string policy) => SignatureKey.Parse(Encoding.UTF8.GetString(Content()), Name(policy));
}
