namespace ContainerTools.Runtime.Images.Registry;

/// <summary>A manifest or an index as a registry sent it, verified.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Digest">Their digest.</param>
/// <param name="MediaType">What it is.</param>
internal sealed record RemoteDocument(byte[] Content, string Digest, string MediaType);
