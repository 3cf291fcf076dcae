namespace ContainerTools.Runtime.Layers;

/// <summary>Chooses the storage driver.</summary>
internal static class StorageDrivers
{
    /// <summary>The environment variable that names the driver.</summary>
    public const string Variable = "CONTAINERTOOLS_STORAGE_DRIVER";

    /// <summary>The driver that is configured; without one, <c>overlay</c>.</summary>
    /// <param name="paths">The engine's folders.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/> for an unknown name.</exception>
    public static IStorageDriver Select(EnginePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        string? name = Environment.GetEnvironmentVariable(Variable);
        return name switch
        {
            null or "" or "overlay" => new OverlayDriver(),
            _ => throw new ContainerException(ErrorCode.InvalidArgument, $"{Variable} names the unknown storage driver '{name}'; use overlay.", name),
        };
    }
}
