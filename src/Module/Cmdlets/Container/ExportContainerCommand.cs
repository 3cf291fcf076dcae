using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Export-Container: writes the root file systems of containers as tar archives.</summary>
[Cmdlet(VerbsData.Export, "Container", DefaultParameterSetName = NameSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(FileInfo))]
public sealed class ExportContainerCommand : ContainerTargetCmdlet
{
    private readonly List<Container> _containers = [];

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
        // A file is for one container: that is known when all have been named.
        if (Directory.Exists(ResolveHostPath(Path))) Export(container);
        else _containers.Add(container);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_containers.Count == 1) Export(_containers[0]);
        if (_containers.Count < 2) return;
        WriteFailure(
            new ContainerException(ErrorCode.InvalidArgument, $"{_containers.Count} containers cannot be written to the one file {Path}; for one file each, make it a folder first.", Path), Path);
    }

    private void Export(Container container)
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
