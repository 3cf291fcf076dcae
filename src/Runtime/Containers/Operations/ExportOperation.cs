using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Layers.Changes;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Writes a container's root file system to a file. Its layers are read where they lie; nothing is mounted.</summary>
internal static class ExportOperation
{
    /// <summary>Writes it.</summary>
    /// <returns>The path of the file.</returns>
    public static async Task<string> RunAsync(ContainerServices services, string container, ContainerExportOptions options, CancellationToken cancellationToken)
    {
        // The lock, so that nobody removes the container meanwhile.
        using LockedContainer locked = await services.LockAsync(container, cancellationToken).ConfigureAwait(false);
        string path = Path.GetFullPath(options.Path);
        if (Directory.Exists(path)) path = Path.Combine(path, locked.Record.Name + Extension(options.Compression));
        await Task.Run(
            () => NewFile.Write(path, options.Force, options.Compression, stream =>
            {
                TarWriter tar = new(stream);
                WritableLayer.Walk(services, locked.Record, new RootPacker(tar, asLayer: false, newest: null, cancellationToken).Add);
                tar.Close();
            }), cancellationToken).ConfigureAwait(false);
        return path;
    }

    private static string Extension(ArchiveCompression compression) => compression switch
    {
        ArchiveCompression.Gzip => ".tar.gz",
        ArchiveCompression.Zstd => ".tar.zst",
        _ => ".tar",
    };
}
