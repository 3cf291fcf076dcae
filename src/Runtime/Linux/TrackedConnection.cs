using System.Net;

namespace ContainerTools.Runtime.Linux;

/// <summary>A connection that the kernel follows, of a protocol with ports.</summary>
/// <param name="Protocol">IPPROTO_…</param>
/// <param name="Original">As its first packet came, before any translation.</param>
/// <param name="Reply">As its answers come: their source is where the packets are really delivered.</param>
/// <param name="Key">The original direction as the kernel wrote it, by which it finds it again.</param>
/// <param name="Id">The kernel's number of it; empty where it told none.</param>
/// <param name="Zone">Its zone as the kernel wrote it; empty for the usual one.</param>
internal sealed record TrackedConnection(byte Protocol, ConnectionTuple Original, ConnectionTuple Reply, byte[] Key, byte[] Id, byte[] Zone);

/// <summary>One direction of a connection.</summary>
internal readonly record struct ConnectionTuple(IPAddress Source, int SourcePort, IPAddress Destination, int DestinationPort);
