using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module;

/// <summary>The second rung: a cmdlet that works on containers, chosen by name, id, pattern or object.</summary>
public abstract class ContainerTargetCmdlet : ContainerCmdlet
{
    /// <summary>Parameter set: chosen by name.</summary>
    internal const string NameSet = "Name";

    /// <summary>Parameter set: objects from the pipeline.</summary>
    internal const string InputObjectSet = "InputObject";

    private ContainerResolver? _resolver;

    /// <summary>Names, ids, unique id prefixes, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    public virtual string[] Name { get; set; } = [];

    /// <summary>Containers as Get-Container returns them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Container[] InputObject { get; set; } = [];

    internal ContainerResolver Resolver => _resolver ??= new ContainerResolver(this);

    /// <summary>Whether the next command of the pipeline is one of the module's that take containers.</summary>
    internal bool IsFollowed { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => PipelineNeighbours.Begin(this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        PipelineNeighbours.End(this);
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (Container container in InputObject)
            {
                if (Resolver.Take(container)) ProcessContainer(container);
            }

            return;
        }

        foreach (Container container in Resolver.Find(Name)) ProcessContainer(container);
    }

    /// <summary>Works on one container; called once for each.</summary>
    protected abstract void ProcessContainer(Container container);
}
