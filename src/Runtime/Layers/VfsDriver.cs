using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// A whole copy of the image for every container, in <c>rootfs</c>. Works on every file system; where that can share blocks
/// between files (xfs, btrfs), the copy costs little.
/// </summary>
internal sealed class VfsDriver : IStorageDriver
{
    private const string RootFolder = "rootfs";

    /// <inheritdoc/>
    public string Name => "vfs";

    /// <inheritdoc/>
    public void Prepare(string containerFolder, IReadOnlyList<string> layers, uint owner, CancellationToken cancellationToken)
    {
        string root = Path.Combine(containerFolder, RootFolder);
        NewFolder.Make(root, NewFolder.Public);
        for (int i = layers.Count - 1; i >= 0; i--) LayerMerge.Apply(layers[i], root, owner, cancellationToken);
        if (layers.Count == 0) OwnerShift.Apply(root, owner, cancellationToken);
    }

    /// <inheritdoc/>
    public OciMount? RootMount(
        string containerFolder, IReadOnlyList<string> layers, IReadOnlyList<OciIdMapping>? uidMappings, IReadOnlyList<OciIdMapping>? gidMappings)
        => null;

    /// <inheritdoc/>
    public void FindChanges(string containerFolder, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found)
        => RootComparison.Find(Path.Combine(containerFolder, RootFolder), layers, owner, found);

    /// <inheritdoc/>
    public IReadOnlyList<(string Folder, uint Owner)> RootFolders(string containerFolder, IReadOnlyList<string> layers, uint owner)
        => [(Path.Combine(containerFolder, RootFolder), owner)];

    /// <inheritdoc/>
    public void Remove(string containerFolder) => FolderRemoval.Remove(Path.Combine(containerFolder, RootFolder));
}
