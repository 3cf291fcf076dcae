using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module;

/// <summary>A cmdlet that changes networks: which ones, and whether they are emitted.</summary>
public abstract class NetworkChangeCmdlet : NetworkTargetCmdlet
{
    /// <summary>Names or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Emit the networks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>The networks that the names and patterns mean, each once.</summary>
    /// <param name="fits">What a pattern means.</param>
    private protected IEnumerable<ContainerNetwork> Networks(Func<ContainerNetwork, bool> fits) => Name.SelectMany(name => Find(name, fits));
}
