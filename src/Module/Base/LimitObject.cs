using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>A container's limits with the container they belong to, so that those of several can be told apart.</summary>
internal static class LimitObject
{
    /// <summary>The limits, with the properties Container (name) and ContainerId added.</summary>
    public static PSObject Of(Container container, ContainerLimit limit)
    {
        PSObject shown = new(limit);
        shown.Properties.Add(new PSNoteProperty("Container", container.Name));
        shown.Properties.Add(new PSNoteProperty("ContainerId", container.Id));
        return shown;
    }
}
