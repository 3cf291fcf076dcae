using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Import-ContainerImage: brings image archives, OCI folders and root file systems into the local store.</summary>
[Cmdlet(VerbsData.Import, "ContainerImage", DefaultParameterSetName = "Path", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ContainerImage))]
public sealed class ImportContainerImageCommand : ContainerCmdlet
{
    private readonly List<(string File, string Reference)> _named = [];

    /// <summary>Archives or OCI folders; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Archives or OCI folders, taken literally.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The name to give it, instead of what the archive says.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Tag", "t")]
    [ValidateNotNullOrEmpty]
    public string? Reference { get; set; }

    /// <summary>For a root file system: the default command.</summary>
    [Parameter]
    public string[]? Command { get; set; }

    /// <summary>For a root file system: the entry point.</summary>
    [Parameter]
    public string[]? EntryPoint { get; set; }

    /// <summary>For a root file system: the environment.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [NameValue]
    public string[]? Environment { get; set; }

    /// <summary>For a root file system: the user.</summary>
    [Parameter]
    [Alias("u")]
    public string? User { get; set; }

    /// <summary>For a root file system: the working directory.</summary>
    [Parameter]
    [Alias("Workdir", "w")]
    public string? WorkingDirectory { get; set; }

    /// <summary>For a root file system: the signal that asks for an orderly end.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completion.SignalCompleter))]
    public string? StopSignal { get; set; }

    /// <summary>For a root file system: a word for the history.</summary>
    [Parameter]
    public string? Message { get; set; }

    /// <summary>The platform to take from a multi-platform archive, linux/arm64 for example.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Take all of a multi-platform image, to publish or export it elsewhere.</summary>
    [Parameter]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>The most bytes that a layer, or a compressed archive, may have once it is decompressed, 20gb for example; -1 for no limit.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? MaximumLayerSize { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in ParameterSetName == "LiteralPath" ? LiteralPath : Path)
        {
            IReadOnlyList<string> files = [];
            Attempt(given, () => files = Expand(given));
            // A name has to be for one file: that is known when all have been named.
            if (Reference is { } reference) _named.AddRange(files.Select(file => (file, reference)));
            else foreach (string file in files) Import(file, null);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (IGrouping<string, string> group in _named.Distinct().GroupBy(item => item.Reference, item => item.File))
        {
            List<string> files = [.. group];
            if (files.Count == 1)
            {
                Import(files[0], group.Key);
                continue;
            }

            string names = string.Join(", ", files.Take(5)) + (files.Count > 5 ? ", …" : "");
            WriteFailure(
                new ContainerException(ErrorCode.InvalidArgument, $"{files.Count} files cannot be imported under the one name '{group.Key}': {names}.", group.Key), group.Key);
        }
    }

    private IReadOnlyList<string> Expand(string given)
    {
        if (ParameterSetName == "LiteralPath" || !WildcardPattern.ContainsWildcardCharacters(given)) return [ResolveHostPath(given)];
        try
        {
            return [.. SessionState.Path.GetResolvedProviderPathFromPSPath(given, out _)];
        }
        catch (ItemNotFoundException)
        {
            // A pattern that fits nothing, in a folder that may not exist.
            return [];
        }
    }

    private void Import(string file, string? reference)
    {
        if (!ShouldProcess(reference is null ? file : $"{file} as {reference}", "Import image")) return;
        IReadOnlyList<ContainerImage> images = [];
        using (ProgressWriter progress = new(this, "Importing " + System.IO.Path.GetFileName(file)))
        {
            Attempt(file, () => images = Await(Engine.Images.ImportAsync(Options(file, reference), progress, Cancellation)));
        }

        foreach (ContainerImage image in images) WriteVerbose($"Imported {image} ({image.ShortId}, {HumanUnits.Size(image.Size)}).");
        WriteObject(images, enumerateCollection: true);
    }

    private ImageImportOptions Options(string file, string? reference) => new()
    {
        Path = file,
        Reference = reference,
        Message = Message,
        Platform = Platform,
        AllPlatforms = AllPlatforms,
        MaximumLayerSize = LimitAttribute.Check(nameof(MaximumLayerSize), MaximumLayerSize) is { } size ? size < 0 ? long.MaxValue : size : null,
        Configuration = Command is null && EntryPoint is null && Environment is null && User is null && WorkingDirectory is null && StopSignal is null
            ? null
            : new ImageConfiguration
            {
                Command = Command ?? [],
                EntryPoint = EntryPoint ?? [],
                Environment = Environment ?? [],
                User = User ?? "",
                WorkingDirectory = WorkingDirectory ?? "",
                StopSignal = StopSignal,
            },
    };
}
