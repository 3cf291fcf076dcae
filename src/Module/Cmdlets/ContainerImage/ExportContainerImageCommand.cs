using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Export-ContainerImage: writes images into one archive or OCI folder, which other tools read.</summary>
[Cmdlet(VerbsData.Export, "ContainerImage", DefaultParameterSetName = ContainerTargetCmdlet.InputObjectSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(FileSystemInfo))]
public sealed class ExportContainerImageCommand : ImageTargetCmdlet
{
    private readonly List<(string Word, ContainerImage Image)> _images = [];

    /// <summary>The file to write, or the folder with <c>-Format OciDirectory</c>.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("Output", "o")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The form of the archive.</summary>
    [Parameter]
    public ImageArchiveFormat Format { get; set; }

    /// <summary>The platform to write of a multi-platform image, linux/arm64 for example, instead of all of it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Write all of a multi-platform image, or nothing where the form or the store cannot.</summary>
    [Parameter]
    public SwitchParameter AllPlatforms { get; set; }

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
    protected override void ProcessImage(ContainerImage image, string word) => _images.Add((word, image));

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_images.Count == 0) return;
        string path = ResolveHostPath(Path);
        List<string> words = [.. _images.Select(item => item.Word)];
        if (!ShouldProcess($"{string.Join(", ", words)} to {path}", "Export image")) return;
        IReadOnlyList<ContainerImage> written = [];
        ImageExportOptions options = new() { Path = path, Format = Format, Platform = Platform, AllPlatforms = AllPlatforms, Compression = Compression, Force = Force };
        using (ProgressWriter progress = new(this, "Exporting to " + System.IO.Path.GetFileName(path)))
        {
            if (!Attempt(path, () => written = Await(Engine.Images.ExportAsync(words, options, progress, Cancellation)))) return;
        }

        foreach (ContainerImage image in written) WriteVerbose($"Exported {image} ({image.ShortId}) to {path}.");
        if (Platform is null) foreach (ContainerImage image in written) WarnOfOthers(image);
        if (PassThru) WriteObject(Item(path));
    }

    /// <summary>Who does not ask for one platform may expect the image that was received.</summary>
    private void WarnOfOthers(ContainerImage written)
    {
        IEnumerable<string> here = _images.Select(item => item.Image).FirstOrDefault(image => image.Id == written.Id && image.Reference == written.Reference)?.Platforms ?? [];
        List<string> left = [.. here.Except(written.Platforms)];
        if (left.Count == 0) return;
        string advice = Format == ImageArchiveFormat.DockerArchive ? "-Format OciArchive takes all of them" : "receive it with -AllPlatforms to have all of it";
        WriteWarning($"Of {written}, {string.Join(", ", written.Platforms)} was exported alone, without {string.Join(", ", left)}; {advice}, -Platform chooses one.");
    }
}
