using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerStorage: how much room images, containers and volumes take up.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerStorage")]
[OutputType(typeof(ContainerStorageUsage), typeof(ContainerStorageItem))]
public sealed class GetContainerStorageCommand : ContainerCmdlet
{
    /// <summary>Only things of these kinds.</summary>
    [Parameter(Position = 0)]
    public ContainerStorageKind[] Kind { get; set; } = [];

    /// <summary>Each thing on its own, with what it shares with others.</summary>
    [Parameter]
    [Alias("v")]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Attempt(null, () =>
        {
            if (Detailed) WriteObject(Await(Engine.Storage.ListAsync(Cancellation)).Where(item => IsWanted(item.Kind)), enumerateCollection: true);
            else WriteObject(Await(Engine.Storage.GetUsageAsync(Cancellation)).Where(usage => IsWanted(usage.Kind) && !IsTwice(usage.Kind)), enumerateCollection: true);
        });
    }

    // The images' sizes have the layers in them: who does not ask for these gets numbers that can be added up.
    private bool IsTwice(ContainerStorageKind kind) => Kind.Length == 0 && kind == ContainerStorageKind.Layer;

    private bool IsWanted(ContainerStorageKind kind) => Kind.Length == 0 || Kind.Contains(kind);
}
