namespace ContainerTools.Runtime.Launch.Hooks;

/// <summary>Where a hook in the container's namespaces finds itself.</summary>
/// <param name="Process">The pidfd of the container's first process.</param>
/// <param name="Root">The root that the first process has before pivot_root: the host's.</param>
/// <param name="Folder">Its working folder: the container's root file system.</param>
internal readonly record struct HookPlace(Slot Process, Slot Root, Slot Folder);
