using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Finds the containers that <c>-Name</c> means: a name, an id or a unique id prefix must exist, a pattern with wildcards may
/// match none. Each container is taken once, however often it is meant.
/// </summary>
internal sealed class ContainerResolver(ContainerCmdlet cmdlet)
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>The containers meant by names; misses are reported as non-terminating errors.</summary>
    public IEnumerable<Container> Find(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                foreach (Container container in FindPattern(name, ContainerFilter.All)) yield return container;
            }
            else if (FindExact(name) is { } found && Take(found))
            {
                yield return found;
            }
        }
    }

    /// <summary>
    /// The containers whose name fits a pattern, and that fit the filter. Ids are not compared: one in sixteen fits a* by accident.
    /// </summary>
    public IEnumerable<Container> FindPattern(string pattern, ContainerFilter filter)
    {
        WildcardPattern wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        foreach (Container container in List(filter, pattern))
        {
            if (wildcard.IsMatch(container.Name) && Take(container)) yield return container;
        }
    }

    /// <summary>The one container that a name, id or id prefix means; null after an error has been written.</summary>
    public Container? FindExact(string name)
    {
        Container? found = null;
        cmdlet.Attempt(name, () => found = cmdlet.Await(ContainerCmdlet.Engine.Containers.GetAsync(name, cmdlet.Cancellation)));
        return found;
    }

    /// <summary>Whether this container is met for the first time.</summary>
    public bool Take(Container container) => _taken.Add(container.Id);

    /// <summary>
    /// The containers that fit the filter; none after an error has been written. All of them first: what the cmdlet does to one must not
    /// change what was meant.
    /// </summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="target">What the user gave, for an error.</param>
    public List<Container> List(ContainerFilter filter, string target)
    {
        List<Container> all = [];
        cmdlet.Attempt(target, () => all.AddRange(cmdlet.Enumerate(ContainerCmdlet.Engine.Containers.ListAsync(filter, cmdlet.Cancellation))));
        return all;
    }
}
