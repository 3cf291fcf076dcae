using ContainerTools.Runtime.Images.Registry;

namespace ContainerTools.Runtime;

/// <summary>What the machine's administrator and the user have written down for engines, and where. Read when it is needed, because it belongs to others.</summary>
internal sealed record MachineFiles
{
    /// <summary>Those of this machine and user.</summary>
    public static MachineFiles Current { get; } = new();

    /// <summary>The engine's own configuration.</summary>
    public string Configuration { get; init; } = EngineConfiguration.DefaultPath;

    /// <summary>Where registries, credentials and policies are configured.</summary>
    public Func<RegistrySettings> Registries { get; init; } = static () => RegistrySettings.Current;

    /// <summary>All that is said about registries, in either place.</summary>
    public RegistrySettings ReadRegistries()
    {
        RegistrySettings settings = Registries();
        return settings with { RequireDigest = settings.RequireDigest || EngineConfiguration.Load(Configuration).RequireDigest };
    }
}
