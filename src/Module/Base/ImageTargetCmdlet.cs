using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>A cmdlet that works on images, chosen by reference, id, pattern or object.</summary>
public abstract class ImageTargetCmdlet : ContainerCmdlet
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>The images meant by a name: one for an exact name, which must exist; any number for a pattern.</summary>
    internal IEnumerable<ContainerImage> Find(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            ContainerImage? found = null;
            Attempt(name, () => found = Await(Engine.Images.GetAsync(name, Cancellation)));
            return found is not null && Take(found) ? [found] : [];
        }

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        List<ContainerImage> all = [];
        Attempt(name, () => all.AddRange(Enumerate(Engine.Images.ListAsync(Cancellation))));
        return all.Where(image => Fits(pattern, image) && Take(image));
    }

    /// <summary>Whether this image, under this reference, is met for the first time.</summary>
    internal bool Take(ContainerImage image) => _taken.Add($"{image.Id} {image.Reference}");

    // An image that has a name is meant by it alone: one id in sixteen fits a* by accident.
    private static bool Fits(WildcardPattern pattern, ContainerImage image)
        => pattern.IsMatch(image.Reference ?? image.Id) || (image.Repository is not null && pattern.IsMatch(image.Repository));
}
