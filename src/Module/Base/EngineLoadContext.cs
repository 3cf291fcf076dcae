using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace ContainerTools.Module;

/// <summary>
/// The assembly load context of the engine and everything it depends on, so that no other module's version of the same
/// library is used in its place, nor ours in another's.
/// <para>
/// Who loads where: ContainerTools.Module and ContainerTools.Abstractions live in the default context, because PowerShell finds
/// types by name only there (<c>[ContainerTools.Container]</c>, parameter types, format files); both depend on nothing but the
/// framework. ContainerTools.Runtime and its libraries live here.
/// </para>
/// </summary>
internal sealed class EngineLoadContext : AssemblyLoadContext
{
    private const string EngineAssembly = "ContainerTools.Runtime";
    private static readonly Lock Gate = new();
    private static readonly string s_processor = "linux-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
    private static EngineLoadContext? s_instance;

    private EngineLoadContext(string folder)
        : base("ContainerTools", isCollectible: false)
    {
        Folder = folder;
    }

    /// <summary>The folder of the engine's assemblies: <c>lib</c> of the packaged module, else the module assembly's own folder.</summary>
    public string Folder { get; }

    /// <summary>Makes references to the engine's assembly resolve through this context. Further calls do nothing.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (s_instance is not null) return;
            string own = Path.GetDirectoryName(typeof(EngineLoadContext).Assembly.Location)!;
            string library = Path.Combine(own, "lib");
            s_instance = new EngineLoadContext(File.Exists(Path.Combine(library, EngineAssembly + ".dll")) ? library : own);
            Default.Resolving += (_, name) => name.Name == EngineAssembly ? s_instance.LoadFromAssemblyName(name) : null;
        }
    }

    /// <summary>The folder of the engine's assemblies.</summary>
    public static string EngineFolder
    {
        get
        {
            Register();
            return s_instance!.Folder;
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // The contract must be one and the same on both sides.
        Assembly contract = typeof(IContainerEngine).Assembly;
        if (assemblyName.Name == contract.GetName().Name) return contract;
        string file = assemblyName.Name + ".dll";
        string ofProcessor = Path.Combine(Folder, s_processor, file), ofAll = Path.Combine(Folder, file);
        if (File.Exists(ofProcessor)) return LoadFromAssemblyPath(ofProcessor);
        return File.Exists(ofAll) ? LoadFromAssemblyPath(ofAll) : null;
    }
}
