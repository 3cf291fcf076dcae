using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images;

/// <summary>Commit: a new layer goes the same way as an imported one, so that it is as its archive will be for everybody else.</summary>
internal sealed partial class ImageStore
{
    /// <inheritdoc/>
    public async Task<ContainerImage> CommitAsync(ImageCommit commit, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        ImageReference? reference = commit.Reference is null ? null : ImageReference.Parse(commit.Reference);
        if (reference?.Digest is not null)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"'{commit.Reference}' has a digest; an image is named by a tag.", commit.Reference);
        }

        try
        {
            ContainerImage image;
            using (Ingest ingest = await BeginIngestAsync(cancellationToken))
            {
                (ImageManifest manifest, ImageConfig config) = BaseOf(commit);
                LayerDepthCheck(config, commit.Subject);
                string blob = ingest.NewPath("blob");
                bool changed = await WriteLayerAsync(commit, blob, cancellationToken);
                using ImageStaging staging = new(_layout, _layers, ingest, commit.Subject, progress);
                await staging.AddCommitAsync(manifest, commit.Configure(config), changed ? blob : null, reference, cancellationToken);
                Publish(ingest, staging, cancellationToken);
                image = Describe(staging.Images[0]).First();
            }

            await SweepAfterwardsAsync();
            return image;
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, commit.Subject);
        }
    }

    private (ImageManifest Manifest, ImageConfig Config) BaseOf(ImageCommit commit)
    {
        try
        {
            CatalogEntry entry = _catalog.Find(commit.BaseImage);
            return (_catalog.Manifest(entry.ManifestDigest!), _catalog.Config(entry));
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ImageNotFound)
        {
            // Its files are still here, for the container; the blobs that the new image would have to hold are not.
            throw new ContainerException(
                ErrorCode.ImageNotFound, $"The image that {commit.Subject} was made from has been removed; import it again, or export the container.", commit.Subject, error);
        }
    }

    private static async Task<bool> WriteLayerAsync(ImageCommit commit, string blob, CancellationToken cancellationToken)
    {
        using SafeFileHandle file = Libc.Open(blob, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0x1A4);
        await using FileOutput output = new(file, blob);
        await using BufferedStream buffered = new(output, 1024 * 1024);
        bool changed = await Task.Run(() => commit.WriteLayer(buffered, cancellationToken), cancellationToken);
        await buffered.FlushAsync(cancellationToken);
        return changed;
    }

    private static void LayerDepthCheck(ImageConfig config, string subject)
        => Layers.LayerStore.CheckDepth((config.Rootfs?.DiffIds.Count ?? 0) + 1, subject);
}
