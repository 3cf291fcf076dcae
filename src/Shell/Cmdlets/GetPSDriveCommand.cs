using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>The drives of the session.</summary>
[Management]
[Cmdlet(VerbsCommon.Get, "PSDrive")]
[OutputType(typeof(PSDriveInfo))]
public sealed class GetPSDriveCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    public string[]? PSProvider { get; set; }

    [Parameter]
    public string? Scope { get; set; }

    protected override void ProcessRecord()
    {
        PSDriveInfo[] all = [.. Scope is null ? SessionState.Drive.GetAll() : SessionState.Drive.GetAllAtScope(Scope)];
        foreach (string name in Name)
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            PSDriveInfo[] found = [.. all.Where(d => pattern.IsMatch(d.Name)).OrderBy(d => d.Name, StringComparer.OrdinalIgnoreCase)];
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(new ErrorRecord(
                    new System.Management.Automation.DriveNotFoundException($"Cannot find drive. A drive with the name '{name}' does not exist."),
                    "GetDriveNoMatchingDrive", ErrorCategory.ObjectNotFound, name));
            foreach (PSDriveInfo drive in found)
            {
                if (PSProvider is null || PSProvider.Contains(drive.Provider.Name, StringComparer.OrdinalIgnoreCase))
                    WriteObject(drive);
            }
        }
    }
}
