using System.Management.Automation;
using ContainerTools.Module.Completion;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-Container: containers, all of them or those that fit.</summary>
[Cmdlet(VerbsCommon.Get, "Container", DefaultParameterSetName = ContainerTargetCmdlet.NameSet)]
[OutputType(typeof(Container))]
public sealed class GetContainerCommand : ContainerCmdlet
{
    /// <summary>The type name that selects the detailed view.</summary>
    internal const string DetailedTypeName = "ContainerTools.Container#Detailed";

    private ContainerFilter _filter = ContainerFilter.All;
    private WildcardPattern? _imagePattern;
    private ContainerResolver? _resolver;

    /// <summary>Names, ids, unique id prefixes, or patterns; everything where omitted.</summary>
    [Parameter(Position = 0, ParameterSetName = ContainerTargetCmdlet.NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Containers to look at again.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContainerTargetCmdlet.InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Container[]? InputObject { get; set; }

    /// <summary>States to keep.</summary>
    [Parameter]
    [Alias("Status")]
    public ContainerState[]? State { get; set; }

    /// <summary>Labels that must be there: a key, key=value, or a table.</summary>
    [Parameter]
    [NameValue]
    public string[]? Label { get; set; }

    /// <summary>The image: a reference, a pattern or an id.</summary>
    [Parameter]
    [Alias("Ancestor")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string? Image { get; set; }

    /// <summary>Ask the kernel for limits and processes as well, and show everything.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _resolver = new ContainerResolver(this);
        bool pattern = Image is not null && WildcardPattern.ContainsWildcardCharacters(Image);
        if (pattern) _imagePattern = WildcardPattern.Get(Image, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        _filter = new ContainerFilter
        {
            States = State,
            Image = pattern ? null : Image,
            Labels = Label?.Select(static label => label.Split('=', 2))
                .ToDictionary(static pair => pair[0], static pair => pair.Length > 1 ? pair[1] : null),
        };
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in InputObject?.Select(static container => container.Id) ?? Name ?? ["*"])
        {
            IEnumerable<Container> found = WildcardPattern.ContainsWildcardCharacters(name)
                ? _resolver!.FindPattern(name, _filter)
                : FindExact(name);
            foreach (Container container in found.Where(FitsPattern)) Emit(container);
        }
    }

    // The engine applies the filter only to lists: an exact name that the filter excludes is no error, and no result.
    private IEnumerable<Container> FindExact(string name)
    {
        if (_resolver!.FindExact(name) is not { } found) return [];
        return _filter == ContainerFilter.All || _resolver.List(_filter, name).Any(container => container.Id == found.Id)
            ? (_resolver.Take(found) ? [found] : [])
            : [];
    }

    private bool FitsPattern(Container container) => _imagePattern?.IsMatch(container.Image) ?? true;

    private void Emit(Container container)
    {
        if (!Detailed)
        {
            WriteObject(container);
            return;
        }

        PSObject detailed = new(container);
        detailed.TypeNames.Insert(0, DetailedTypeName);
        Attempt(container, () =>
        {
            ContainerLimit limit = Await(Engine.Containers.GetLimitAsync(container.Id, Cancellation));
            detailed.Properties.Add(new PSNoteProperty("Limit", limit));
        });
        if (container.State is ContainerState.Running or ContainerState.Paused)
        {
            Attempt(container, () =>
            {
                IReadOnlyList<ContainerProcess> processes = Await(Engine.Containers.GetProcessesAsync(container.Id, Cancellation));
                detailed.Properties.Add(new PSNoteProperty("Processes", processes));
            });
        }

        WriteObject(detailed);
    }
}
