using ContainerTools.Runtime;

namespace ContainerTools.Module;

/// <summary>The one place that mentions this machine's engine. See <see cref="EngineLoadContext"/> for how it is loaded.</summary>
internal static class LocalEngine
{
    /// <summary>Opens the engine of the current user.</summary>
    public static IContainerEngine Open()
    {
        EngineTools.EngineFolder = EngineLoadContext.EngineFolder;
        return LocalContainerEngine.Open();
    }
}
