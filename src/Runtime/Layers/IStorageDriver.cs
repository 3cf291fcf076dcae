using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Layers;

/// <summary>
/// How a container's root file system is put together from an image's layers. Nothing is mounted by a driver: it prepares
/// folders and says which mount the launch is to make in the container's own mount namespace.
/// </summary>
internal interface IStorageDriver
{
    /// <summary><c>overlay</c>, <c>btrfs</c> or <c>vfs</c>.</summary>
    string Name { get; }

    /// <summary>Makes the writable layer in the container's folder (for overlay <c>upper</c>, <c>work</c> and the mount point <c>rootfs</c>).</summary>
    /// <param name="containerFolder">The container's folder; it exists.</param>
    /// <param name="layers">The unpacked layers' folders, uppermost first.</param>
    /// <param name="owner">Host id of the container's root: 0, or the first id of its user namespace.</param>
    /// <param name="cancellationToken">Ends it; what is there of the layer by then, <see cref="Remove"/> takes away.</param>
    void Prepare(string containerFolder, IReadOnlyList<string> layers, uint owner, CancellationToken cancellationToken);

    /// <summary>The root mount for config.json (docs/design/state.md, "The bundle"), or null where <c>rootfs</c> is a plain folder.</summary>
    /// <param name="containerFolder">The container's folder.</param>
    /// <param name="layers">The unpacked layers' folders, uppermost first.</param>
    /// <param name="uidMappings">The id map of the layers, null without a user namespace.</param>
    /// <param name="gidMappings">The id map of the layers, null without a user namespace.</param>
    OciMount? RootMount(
        string containerFolder, IReadOnlyList<string> layers, IReadOnlyList<OciIdMapping>? uidMappings, IReadOnlyList<OciIdMapping>? gidMappings);

    /// <summary>Finds what a container has changed; a folder comes before what is in it.</summary>
    /// <param name="containerFolder">The container's folder.</param>
    /// <param name="layers">The unpacked layers' folders, uppermost first.</param>
    /// <param name="owner">Host id of the container's root.</param>
    /// <param name="found">Called for each change.</param>
    void FindChanges(string containerFolder, IReadOnlyList<string> layers, uint owner, Action<RootEntry> found);

    /// <summary>The folders that make up a container's root file system, uppermost first, each with the host id that its owners are counted from.</summary>
    /// <param name="containerFolder">The container's folder.</param>
    /// <param name="layers">The unpacked layers' folders, uppermost first.</param>
    /// <param name="owner">Host id of the container's root.</param>
    IReadOnlyList<(string Folder, uint Owner)> RootFolders(string containerFolder, IReadOnlyList<string> layers, uint owner);

    /// <summary>Removes the writable layer, whatever the container left in it (unreadable folders, immutable flags, subvolumes).</summary>
    void Remove(string containerFolder);
}
