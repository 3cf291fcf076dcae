using System.Security.Cryptography;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Images;

/// <summary>Whether the store's blobs are what their names say, and what becomes of those that are not.</summary>
internal sealed class BlobCheck(EnginePaths paths)
{
    private readonly ImageLayout _layout = new(paths.Images);

    /// <summary>Whether a blob has the digest that it is named after; null when it is missing.</summary>
    public bool? IsSound(string digest)
    {
        try
        {
            using FileStream file = File.OpenRead(_layout.Blob(digest));
            return ImageDigest.Format(SHA256.HashData(file)) == digest;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Deletes a blob that is damaged, so that whoever brings the image again brings a good one.</summary>
    /// <returns>Whether it was deleted.</returns>
    public bool RemoveDamaged(string digest, CancellationToken cancellationToken)
    {
        if (IsSound(digest) is not false) return false;
        using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(paths), cancellationToken);
        // Another process may have brought a good one meanwhile.
        if (IsSound(digest) is not false) return false;
        // First the mark: a sweep that finds neither would take it for a platform that was never received.
        Directory.CreateDirectory(_layout.LostBlobs);
        AtomicFile.Write(_layout.Lost(digest), []);
        File.Delete(_layout.Blob(digest));
        AtomicFile.SyncFolder(_layout.Blobs);
        return true;
    }
}
