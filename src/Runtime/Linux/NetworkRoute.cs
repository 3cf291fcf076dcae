using System.Net;

namespace ContainerTools.Runtime.Linux;

/// <summary>A way that packets take.</summary>
/// <param name="Interface">The device that they leave by.</param>
/// <param name="Source">The address that they come from.</param>
/// <param name="Gateway">The router that they go to first; null where none is needed.</param>
internal sealed record NetworkRoute(string Interface, IPAddress? Source, IPAddress? Gateway);
