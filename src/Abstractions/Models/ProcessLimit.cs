namespace ContainerTools;

/// <summary>A per-process limit as setrlimit(2) knows it.</summary>
/// <param name="Name">The resource, <c>RLIMIT_NOFILE</c> for example.</param>
/// <param name="Soft">The limit in force; <see cref="ulong.MaxValue"/> is unlimited.</param>
/// <param name="Hard">The ceiling of <paramref name="Soft"/>; <see cref="ulong.MaxValue"/> is unlimited.</param>
public sealed record ProcessLimit(string Name, ulong Soft, ulong Hard);
