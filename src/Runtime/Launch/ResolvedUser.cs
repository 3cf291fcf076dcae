namespace ContainerTools.Runtime.Launch;

/// <summary>Who a process runs as, in numbers.</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Group id.</param>
/// <param name="Groups">Supplementary groups.</param>
/// <param name="Home">The home folder that passwd(5) names, or null.</param>
internal sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string? Home);
