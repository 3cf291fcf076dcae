namespace ContainerTools.Runtime.Layers.Changes;

/// <summary>Orders names by their bytes, the same in every language.</summary>
internal sealed class ByteOrder : IComparer<byte[]>
{
    /// <summary>The one.</summary>
    public static ByteOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
}
