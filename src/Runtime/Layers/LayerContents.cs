namespace ContainerTools.Runtime.Layers;

/// <summary>What unpacking a layer found out about it.</summary>
internal sealed class LayerContents
{
    /// <summary>Bytes in its files; the holes of sparse files do not count, hard links count once.</summary>
    public long Size { get; set; }
    /// <summary>Number of entries.</summary>
    public int Entries { get; set; }
    /// <summary>Whether it says how its root folder is to be.</summary>
    public bool RootGiven { get; set; }
    /// <summary>Whether it hides everything below it.</summary>
    public bool RootOpaque { get; set; }
    /// <summary>
    /// Folders that had to be made although the layer does not describe them, outer ones first. In the merged tree they must look
    /// as the layer below has them.
    /// </summary>
    public List<byte[]> ImpliedFolders { get; } = [];
    /// <summary>What it deletes of the layers below, or would if it were there.</summary>
    public List<byte[]> Whiteouts { get; } = [];
}
