using System.Diagnostics.CodeAnalysis;
using System.Text;
using ContainerTools.Runtime.Layers;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// The files of an uncompressed tar archive. Its headers are read once; contents are then read where they are, in any order and
/// by several threads.
/// </summary>
internal sealed class TarFiles : ImageFiles
{
    private const int MaximumLinks = 16;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, ByteRange> _files = [];
    private readonly Dictionary<string, string> _links = [];

    private TarFiles(SafeFileHandle file) => _file = file;

    /// <summary>Reads the headers.</summary>
    /// <param name="path">What the user named, for messages.</param>
    /// <param name="file">The archive, open; closed with this object.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static TarFiles Open(string path, SafeFileHandle file, CancellationToken cancellationToken)
    {
        TarFiles files = new(file) { Path = path };
        TarReader tar = new(new RangeSource(new ByteRange(file, 0, RandomAccess.GetLength(file), path), 4096), path);
        while (tar.ReadEntry() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!LayerPath.TryNormalize(entry.Name, out byte[] raw)) continue; // no file of an image archive has such a name
            string name = Encoding.UTF8.GetString(raw);
            switch (entry.Type)
            {
                case TarEntryType.File when entry.Fragments is null:
                    files._files[name] = new ByteRange(file, tar.Position, entry.StoredSize, $"{path}: {name}");
                    files._links.Remove(name);
                    break;
                // Old docker save writes a layer once and links to it from the other images.
                case TarEntryType.SymbolicLink:
                    byte[] folder = LayerPath.Parent(raw).ToArray();
                    if (LayerPath.TryNormalize([.. folder, (byte)'/', .. entry.LinkName], out byte[] target)) files._links[name] = Encoding.UTF8.GetString(target);
                    break;
                case TarEntryType.HardLink:
                    if (LayerPath.TryNormalize(entry.LinkName, out byte[] other)) files._links[name] = Encoding.UTF8.GetString(other);
                    break;
            }
        }

        return files;
    }

    /// <inheritdoc/>
    public override bool TryFind(string name, [NotNullWhen(true)] out ByteRange? range)
    {
        range = null;
        if (!LayerPath.TryNormalize(Encoding.UTF8.GetBytes(name), out byte[] normalized)) return false;
        name = Encoding.UTF8.GetString(normalized);
        for (int i = 0; i < MaximumLinks; i++)
        {
            if (_files.TryGetValue(name, out range)) return true;
            if (!_links.TryGetValue(name, out string? target)) return false;
            name = target;
        }

        return false;
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();
}
