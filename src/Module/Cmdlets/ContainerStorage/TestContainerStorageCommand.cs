using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Test-ContainerStorage: looks for what is damaged, missing or left over; emits nothing where all is well.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ContainerStorage")]
[OutputType(typeof(ContainerStorageProblem))]
public sealed class TestContainerStorageCommand : ContainerCmdlet
{
    /// <summary>Put right what can be.</summary>
    [Parameter]
    public SwitchParameter Repair { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        using ProgressWriter progress = new(this, "Testing storage");
        Attempt(null, () => WriteObject(Await(Engine.Storage.TestAsync(Repair, progress, Cancellation)), enumerateCollection: true));
    }
}
