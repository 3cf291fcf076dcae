using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Export-ContainerImage: writes images into one archive or OCI folder, which other tools read.</summary>
[Cmdlet(VerbsData.Export, "ContainerImage", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(FileSystemInfo))]
public sealed class ExportContainerImageCommand : ImageTargetCmdlet
{
    private readonly List<string> _images = [];

    /// <summary>References, ids, unique id prefixes, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "Reference", "Image")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Images as Get-ContainerImage returns them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ContainerImage[] InputObject { get; set; } = [];

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
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ContainerTargetCmdlet.InputObjectSet)
        {
            foreach (ContainerImage image in InputObject)
            {
                if (Take(image)) _images.Add(image.Reference ?? image.Id);
            }

            return;
        }

        foreach (string name in Name)
        {
            // An id means the image without its names, a reference the image under that name.
            bool exact = !WildcardPattern.ContainsWildcardCharacters(name);
            foreach (ContainerImage image in Find(name)) _images.Add(exact ? name : image.Reference ?? image.Id);
        }
    }

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
        if (PassThru) WriteObject(Format == ImageArchiveFormat.OciDirectory ? new DirectoryInfo(path) : new FileInfo(path));
    }
}
