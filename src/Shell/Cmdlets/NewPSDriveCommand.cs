using System.Management.Automation;
using ContainerTools.Shell.Hosting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Gives a root of a provider a drive's name.</summary>
[Management]
[Cmdlet(VerbsCommon.New, "PSDrive", SupportsShouldProcess = true)]
[OutputType(typeof(PSDriveInfo))]
public sealed class NewPSDriveCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string Name { get; set; } = "";

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string PSProvider { get; set; } = "";

    [Parameter(Position = 2, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    public string Root { get; set; } = "";

    [Parameter]
    public string Description { get; set; } = "";

    [Parameter]
    public string Scope { get; set; } = "0";

    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"Name: {Name} Provider: {PSProvider} Root: {Root}", "New drive"))
            return;
        ProviderInfo provider = SessionState.Provider.GetOne(PSProvider);
        string root = provider.Name == "FileSystem" ? SessionState.Path.GetUnresolvedProviderPathFromPSPath(Root) : Root;
        WriteObject(SessionState.Drive.New(new PSDriveInfo(Name, provider, root, Description, null), Scope));
    }
}
