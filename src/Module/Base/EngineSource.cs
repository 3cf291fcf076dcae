using System.Runtime.CompilerServices;

namespace ContainerTools.Module;

/// <summary>
/// The engine that cmdlets talk to. One per process, opened on first use and again when the environment variables that
/// say where its files are have changed since.
/// </summary>
internal static class EngineSource
{
    private static readonly Lock Gate = new();
    private static IContainerEngine? s_engine;
    private static (string? Root, string? Run) s_openedFor;

    /// <summary>Opens an engine; tests put another one in its place.</summary>
    internal static Func<IContainerEngine> Factory { get; set; } = OpenLocal;

    /// <summary>The engine.</summary>
    public static IContainerEngine Current
    {
        get
        {
            (string?, string?) wanted = (
                Environment.GetEnvironmentVariable("CONTAINERTOOLS_ROOT"), Environment.GetEnvironmentVariable("CONTAINERTOOLS_RUN"));
            lock (Gate)
            {
                // The former engine is left to the garbage collector: another runspace may be in the middle of a call.
                if (s_engine is null || s_openedFor != wanted)
                {
                    s_engine = Factory();
                    s_openedFor = wanted;
                }

                return s_engine;
            }
        }
    }

    /// <summary>Forgets the engine, so that the next use opens one.</summary>
    internal static void Reset()
    {
        lock (Gate) s_engine = null;
    }

    // Apart and not inlined: compiling a method that mentions the engine's types is what loads its assembly.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IContainerEngine OpenLocal()
    {
        EngineLoadContext.Register();
        return LocalEngine.Open();
    }
}
