using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Export-ContainerImage: writes images into one archive or OCI folder, which other tools read.</summary>
[Cmdlet(VerbsData.Export, "ContainerImage", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(FileSystemInfo))]
public sealed class ExportContainerImageCommand : ImageTargetCmdlet
{
    private readonly List<string> _images = [];

    /// <summary>The file to write, or the folder with <c>-Format OciDirectory</c>.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("Output", "o")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The form of the archive.</summary>
    [Parameter]
    public ImageArchiveFormat Format { get; set; }

    /// <summary>How the file is compressed.</summary>
    [Parameter]
    public ArchiveCompression Compression { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <summary>Emit the file or folder.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessImage(ContainerImage image, string word) => _images.Add(word);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_images.Count == 0) return;
        string path = ResolveHostPath(Path);
        if (!ShouldProcess($"{string.Join(", ", _images)} to {path}", "Export image")) return;
        IReadOnlyList<ContainerImage> written = [];
        ImageExportOptions options = new() { Path = path, Format = Format, Compression = Compression, Force = Force };
        using (ProgressWriter progress = new(this, "Exporting to " + System.IO.Path.GetFileName(path)))
        {
            if (!Attempt(path, () => written = Await(Engine.Images.ExportAsync(_images, options, progress, Cancellation)))) return;
        }

        foreach (ContainerImage image in written) WriteVerbose($"Exported {image} ({image.ShortId}) to {path}.");
        if (PassThru) WriteObject(Item(path));
    }
}
