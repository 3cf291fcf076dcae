using System.Diagnostics.CodeAnalysis;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>The files of an image archive or folder, by name, in any order.</summary>
internal abstract class ImageFiles : IDisposable
{
    /// <summary>What the user named.</summary>
    public required string Path { get; init; }

    /// <summary>Finds a file.</summary>
    /// <param name="name">Its path in the archive, without a leading <c>./</c>.</param>
    /// <param name="range">Its bytes.</param>
    public abstract bool TryFind(string name, [NotNullWhen(true)] out ByteRange? range);

    /// <summary>Finds a file that must be there.</summary>
    public ByteRange Find(string name) => TryFind(name, out ByteRange? range)
        ? range
        : throw new ContainerException(ErrorCode.ArchiveCorrupt, $"{Path} is incomplete: it lacks '{name}'.", Path);

    /// <inheritdoc/>
    public abstract void Dispose();
}
