namespace ContainerTools.Shell.Hosting;

/// <summary>Marks a cmdlet that pwsh has in Microsoft.PowerShell.Management; the others are in Microsoft.PowerShell.Utility.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class ManagementAttribute : Attribute;
