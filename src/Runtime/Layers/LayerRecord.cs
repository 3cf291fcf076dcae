namespace ContainerTools.Runtime.Layers;

/// <summary>layer.json beside an unpacked layer: what is known about it without a walk through it.</summary>
internal sealed record LayerRecord
{
    /// <summary>The digest of the layer's tar stream.</summary>
    public required string DiffId { get; set; }
    /// <summary>The chain id of the layer below; null for a base layer.</summary>
    public string? Parent { get; set; }
    /// <summary>Bytes in its files.</summary>
    public required long Size { get; set; }
    /// <summary>Number of entries.</summary>
    public required int Entries { get; set; }
    /// <summary>Whether it hides all layers below (<c>.wh..wh..opq</c> in the root).</summary>
    public bool RootOpaque { get; set; }
    /// <summary>The blobs of which it is known that they are this layer once they are decompressed.</summary>
    public IReadOnlyList<string>? Blobs { get; set; }
}
