using System.Management.Automation.Runspaces;
using System.Reflection;

namespace ContainerTools.Shell.Hosting;

/// <summary>The few settings of the engine that only pwsh itself can reach, because they are internal.</summary>
internal static class EngineContext
{
    private const BindingFlags Internals = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Makes <c>exit</c> in the next script that starts end the shell instead of that script.</summary>
    public static void LetScriptExit(Runspace runspace)
    {
        object? context = runspace.GetType().GetProperty("ExecutionContext", Internals)?.GetValue(runspace);
        context?.GetType().GetProperty("ScriptCommandProcessorShouldRethrowExit", Internals)?.SetValue(context, true);
    }
}
