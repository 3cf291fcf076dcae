using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerImageHistory: how images came about, step by step, the last one first.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerImageHistory", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet)]
[OutputType(typeof(ContainerImageHistory))]
public sealed class GetContainerImageHistoryCommand : ImageTargetCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessImage(ContainerImage image, string word)
    {
        IReadOnlyList<ContainerImageHistory> history = [];
        if (Attempt(image, () => history = Await(Engine.Images.GetHistoryAsync(image.Reference ?? image.Id, Cancellation))))
        {
            WriteObject(history, enumerateCollection: true);
        }
    }
}
