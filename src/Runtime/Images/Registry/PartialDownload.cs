namespace ContainerTools.Runtime.Images.Registry;

/// <summary>The file of a layer on its way here.</summary>
/// <param name="Digest">The layer's digest.</param>
/// <param name="Size">How many bytes are there.</param>
/// <param name="ChangedAt">When the last of them came.</param>
/// <param name="InUse">Whether a pull is at it.</param>
internal sealed record PartialDownload(string Digest, long Size, DateTime ChangedAt, bool InUse);
