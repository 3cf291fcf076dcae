using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Remove-ContainerImage: removes references, and the images with them when they were the last.</summary>
[Cmdlet(VerbsCommon.Remove, "ContainerImage", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(ContainerImage))]
public sealed class RemoveContainerImageCommand : ImageTargetCmdlet
{
    private bool _removed;

    /// <summary>Remove all names of an image, and also when stopped containers use it.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit what was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        // Once for all of them; where the pipeline is stopped before, the next change of an image does it.
        if (_removed) Attempt(null, () => Await(Engine.Storage.RemoveUnusedAsync(Cancellation)));
    }

    /// <inheritdoc/>
    protected override void ProcessImage(ContainerImage image, string word)
    {
        if (!ShouldProcess(image.ToString(), "Remove image")) return;
        IReadOnlyList<ContainerImage> removed = [];
        if (!Attempt(image, () => removed = Await(Engine.Images.RemoveAsync(word, new ImageRemoveOptions { Force = Force, KeepPieces = true }, Cancellation)))) return;
        _removed = true;
        foreach (ContainerImage gone in removed) WriteVerbose($"Removed {gone} ({gone.ShortId}).");
        if (PassThru) WriteObject(removed, enumerateCollection: true);
    }
}
