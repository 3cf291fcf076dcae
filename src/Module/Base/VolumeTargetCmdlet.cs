using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>A cmdlet that works on volumes, chosen by name, pattern or object.</summary>
public abstract class VolumeTargetCmdlet : ContainerCmdlet
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>The volumes meant by a name: one for an exact name, which must exist; any number for a pattern.</summary>
    internal IEnumerable<ContainerVolume> Find(string name)
    {
        List<ContainerVolume> found = [];
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            Attempt(name, () => found.Add(Await(Engine.Volumes.GetAsync(name, Cancellation))));
            return found.Where(Take);
        }

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        Attempt(name, () => found.AddRange(Await(Engine.Volumes.ListAsync(Cancellation))));
        return found.Where(volume => pattern.IsMatch(volume.Name) && Take(volume));
    }

    /// <summary>Whether this volume is met for the first time.</summary>
    internal bool Take(ContainerVolume volume) => _taken.Add(volume.Name);
}
