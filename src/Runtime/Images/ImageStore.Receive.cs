using ContainerTools.Runtime.Images.Registry;

namespace ContainerTools.Runtime.Images;

/// <summary>Taking in an image that is still on its way here.</summary>
internal sealed partial class ImageStore
{
    /// <summary>The store's images.</summary>
    public ImageCatalog Catalog => _catalog;

    /// <summary>Takes in an image while it comes; nothing of it is visible before all of it is verified.</summary>
    /// <param name="subject">What it is called, for messages.</param>
    /// <param name="begin">Begins to fetch it, into the folder of the change; cancelled when anything of it fails.</param>
    /// <param name="maximumLayerSize">The most bytes of a layer, decompressed, by its compressed size.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<ContainerImage> ReceiveAsync(
        string subject, Func<Ingest, CancellationToken, Task<ReceivedImage>> begin, Func<long, long> maximumLayerSize, CancellationToken cancellationToken)
    {
        try
        {
            ContainerImage image;
            using (Ingest ingest = await BeginIngestAsync(cancellationToken))
            {
                using CancellationTokenSource fetching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                ReceivedImage received = await begin(ingest, fetching.Token);
                using ImageStaging staging = new(_layout, _layers, ingest, subject, null) { MaximumLayerSize = maximumLayerSize, Check = new BlobCheck(_paths) };
                try
                {
                    await staging.AddAsync([received.Image], cancellationToken);
                }
                finally
                {
                    await fetching.CancelAsync();
                    await received.Downloads;
                }

                Publish(ingest, staging, cancellationToken);
                image = Describe(staging.Images[0]).First();
            }

            await SweepAfterwardsAsync();
            return image;
        }
        catch (Exception error) when (StoreErrors.Knows(error))
        {
            throw StoreErrors.Translate(error, _paths, subject);
        }
    }
}
