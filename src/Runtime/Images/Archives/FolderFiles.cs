using System.Diagnostics.CodeAnalysis;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>The files of an OCI image folder.</summary>
internal sealed class FolderFiles : ImageFiles
{
    private readonly Dictionary<string, ByteRange> _open = [];

    /// <inheritdoc/>
    public override bool TryFind(string name, [NotNullWhen(true)] out ByteRange? range)
    {
        lock (_open)
        {
            if (_open.TryGetValue(name, out range)) return true;
            string path = System.IO.Path.Combine(Path, name);
            if (!File.Exists(path)) return false;
            SafeFileHandle file = Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC);
            range = new ByteRange(file, 0, RandomAccess.GetLength(file), path);
            _open.Add(name, range);
            return true;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (ByteRange range in _open.Values) range.File.Dispose();
    }
}
