using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Finds the images that <c>-Name</c> means: a reference, an id or a unique id prefix must exist, a pattern with wildcards may match none. Each image is
/// taken once under each of its references, however often it is meant.
/// </summary>
internal sealed class ImageResolver(ContainerCmdlet cmdlet)
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>The images meant by a name; a miss is reported as a non-terminating error.</summary>
    public IEnumerable<ContainerImage> Find(string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            ContainerImage? found = null;
            cmdlet.Attempt(name, () => found = cmdlet.Await(ContainerCmdlet.Engine.Images.GetAsync(name, cmdlet.Cancellation)));
            return found is not null && Take(found) ? [found] : [];
        }

        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        // All of them first: what the cmdlet does to one must not change what was meant.
        List<ContainerImage> all = [];
        cmdlet.Attempt(name, () => all.AddRange(cmdlet.Enumerate(ContainerCmdlet.Engine.Images.ListAsync(cmdlet.Cancellation))));
        return all.Where(image => Fits(pattern, image) && Take(image));
    }

    /// <summary>Whether this image, under this reference, is met for the first time.</summary>
    public bool Take(ContainerImage image) => _taken.Add($"{image.Id} {image.Reference}");

    // An image that has a name is meant by it alone: one id in sixteen fits a* by accident.
    private static bool Fits(WildcardPattern pattern, ContainerImage image)
        => pattern.IsMatch(image.Reference ?? image.Id) || (image.Repository is not null && pattern.IsMatch(image.Repository));
}
