using System.Reflection;

namespace ContainerTools.Module;

/// <summary>The one place that mentions this machine's engine. See <see cref="EngineLoadContext"/> for how it is loaded.</summary>
internal static class LocalEngine
{
    /// <summary>Opens the engine of the current user.</summary>
    public static IContainerEngine Open()
    {
        Runtime.EngineTools.EngineFolder = EngineLoadContext.EngineFolder;
        MethodInfo open = typeof(Runtime.EngineTools).Assembly
            .GetType("ContainerTools.Runtime.LocalContainerEngine", throwOnError: true)!
            .GetMethod("Open", BindingFlags.Public | BindingFlags.Static, [])!;
        return open.CreateDelegate<Func<IContainerEngine>>()();
    }
}
