using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module;

/// <summary>A change of the networks that containers are in: the network comes first, as in Docker, and the containers after it or from the pipeline.</summary>
public abstract class NetworkConnectionCmdlet : PassThruCmdlet
{
    /// <summary>The network.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string Network { get; set; } = "";

    /// <inheritdoc/>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    public override string[] Name { get; set; } = [];
}
