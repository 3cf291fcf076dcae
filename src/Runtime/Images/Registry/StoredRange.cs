using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>A blob that the store has already, opened when it is read.</summary>
internal sealed record StoredRange : ByteRange
{
    private readonly string _path;
    private readonly Lazy<SafeFileHandle> _file;

    private StoredRange(string path, long length, string display)
        : base(new SafeFileHandle(), 0, length, display)
    {
        _path = path;
        _file = new Lazy<SafeFileHandle>(() => Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC));
    }

    /// <summary>The digest that it is named after.</summary>
    public string Digest => ImageDigest.Prefix + Path.GetFileName(_path);

    /// <inheritdoc/>
    public override bool IsFile => true;

    /// <inheritdoc/>
    public override string? FilePath => _path;

    /// <summary>The blob.</summary>
    public static StoredRange Open(string path, string display) => new(path, new FileInfo(path).Length, display);

    /// <summary>Closes the blob, once nobody reads it any more.</summary>
    public void Close()
    {
        File.Dispose();
        if (_file.IsValueCreated) _file.Value.Dispose();
    }

    /// <inheritdoc/>
    public override int Read(long position, Span<byte> buffer)
        => position >= Length ? 0 : RandomAccess.Read(_file.Value, buffer[..(int)Math.Min(buffer.Length, Length - position)], position);
}
