using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>A cmdlet that works on networks, chosen by name or pattern.</summary>
public abstract class NetworkTargetCmdlet : ContainerCmdlet
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>The networks meant by a name: one for an exact name, which must exist; any number for a pattern.</summary>
    /// <param name="name">The name or pattern.</param>
    /// <param name="fits">What a pattern means; null for all.</param>
    internal IEnumerable<ContainerNetwork> Find(string name, Func<ContainerNetwork, bool>? fits = null)
    {
        List<ContainerNetwork> all = [];
        if (!Attempt(name, () => all.AddRange(Enumerate(Engine.Networks.ListAsync(Cancellation))))) return [];
        if (WildcardPattern.ContainsWildcardCharacters(name))
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            return all.Where(network => pattern.IsMatch(network.Name) && fits?.Invoke(network) != false && _taken.Add(network.Name));
        }

        ContainerNetwork? found = all.Find(network => network.Name == name);
        if (found is null) Attempt(name, () => throw new ContainerException(ErrorCode.NetworkNotFound, $"There is no network '{name}'.", name));
        return found is not null && _taken.Add(found.Name) ? [found] : [];
    }
}
