using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Export-Container: writes the root file systems of containers as tar archives.</summary>
[Cmdlet(VerbsData.Export, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(FileInfo))]
public sealed class ExportContainerCommand : ContainerTargetCmdlet
{
    /// <summary>The file to write, or a folder for <c>name.tar</c>.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("Output", "o")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>How the file is compressed.</summary>
    [Parameter]
    public ArchiveCompression Compression { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        string path = ResolveHostPath(Path);
        if (!ShouldProcess($"{container.Name} to {path}", "Export container")) return;
        ContainerExportOptions options = new() { Path = path, Compression = Compression, Force = Force };
        string written = "";
        if (!Attempt(container, () => written = Await(Engine.Containers.ExportAsync(container.Id, options, Cancellation)))) return;
        WriteVerbose($"Exported {container.Name} to {written}.");
        if (PassThru) WriteObject(Item(written));
    }
}
