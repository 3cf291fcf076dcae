using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Test-ContainerStorage: looks for what is damaged, missing or left over; emits nothing where all is well.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ContainerStorage", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerStorageProblem))]
public sealed class TestContainerStorageCommand : ContainerCmdlet
{
    /// <summary>Put right what can be.</summary>
    [Parameter]
    public SwitchParameter Repair { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // Without the repair it is still worth knowing what is wrong.
        bool repair = Repair && ShouldProcess("the storage of containers and images", "Repair");
        using ProgressWriter progress = new(this, "Testing storage");
        Attempt(null, () => WriteObject(Await(Engine.Storage.TestAsync(repair, progress, Cancellation)), enumerateCollection: true));
    }
}
