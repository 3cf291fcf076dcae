using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Add-ContainerImageTag: gives an image further names.</summary>
[Cmdlet(VerbsCommon.Add, "ContainerImageTag", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ContainerImage))]
public sealed class AddContainerImageTagCommand : ContainerCmdlet
{
    /// <summary>A reference, an id or a unique id prefix.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Reference", "Image")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Name { get; set; } = "";

    /// <summary>An image as Get-ContainerImage returns it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ContainerImage? InputObject { get; set; }

    /// <summary>The names to give it, [host/]name[:tag] each.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("Tag", "t")]
    [ValidateNotNullOrEmpty]
    public string[] NewName { get; set; } = [];

    /// <summary>Emit the image under its new name.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string image = InputObject is { } given ? given.Reference ?? given.Id : Name;
        foreach (string name in NewName)
        {
            if (!ShouldProcess(InputObject?.ToString() ?? Name, $"Add the name {name}")) continue;
            ContainerImage? named = null;
            if (Attempt((object?)InputObject ?? Name, () => named = Await(Engine.Images.AddTagAsync(image, name, Cancellation))) && PassThru) WriteObject(named);
        }
    }
}
