using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>What PowerShell runs when the module is imported: nothing but the preparation for loading the engine on first use.</summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport() => EngineLoadContext.Register();
}
