using System.Net;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>A part of a file as the body of a request.</summary>
/// <param name="file">The file.</param>
/// <param name="offset">Where the part begins.</param>
/// <param name="length">How many bytes.</param>
/// <param name="guard">Told of what has been sent.</param>
/// <param name="closing">How long an answer may take once all of it has been sent.</param>
/// <param name="sent">Called with the number of bytes, again and again.</param>
internal sealed class RegistryUploadContent(SafeFileHandle file, long offset, long length, StallGuard guard, TimeSpan closing, Action<long> sent) : HttpContent
{
    /// <summary>What watches over the transfer.</summary>
    public StallGuard Guard => guard;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[128 * 1024];
        for (long done = 0; done < length;)
        {
            int read = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done)), offset + done, cancellationToken);
            if (read == 0) throw new EndOfStreamException("The file is shorter than it was.");
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            done += read;
            guard.Moved(read);
            sent(read);
        }

        guard.Close(closing);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long size)
    {
        size = length;
        return true;
    }
}
