using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>New-ContainerVolume: makes named volumes.</summary>
[Cmdlet(VerbsCommon.New, "ContainerVolume", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ContainerVolume))]
public sealed class NewContainerVolumeCommand : ContainerCmdlet
{
    /// <summary>The names; a generated one where omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Labels: a table, or key=value each.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("l", "Labels")]
    [NameValue]
    public string[] Label { get; set; } = [];

    /// <summary>What is mounted instead of a folder of the engine: type, device and o, a table or key=value each.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Opt", "DriverOptions")]
    [NameValue]
    public string[] DriverOption { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string? name in Name ?? [null!])
        {
            if (!ShouldProcess(name ?? "with a generated name", "Make volume")) continue;
            VolumeCreateOptions options = new() { Name = name, Labels = ContainerCreateCmdlet.Pairs(Label), DriverOptions = ContainerCreateCmdlet.Pairs(DriverOption) };
            ContainerVolume? volume = null;
            if (Attempt(name, () => volume = Await(Engine.Volumes.CreateAsync(options, Cancellation)))) WriteObject(volume);
        }
    }
}
