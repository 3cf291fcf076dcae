using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Clear-ContainerStorage: removes what nobody uses: stopped containers, images without a name, volumes, beginnings of layers.</summary>
[Cmdlet(VerbsCommon.Clear, "ContainerStorage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ContainerStorageItem))]
public sealed class ClearContainerStorageCommand : ContainerCmdlet
{
    private static readonly ContainerStorageKind[] s_order =
        [ContainerStorageKind.Container, ContainerStorageKind.Image, ContainerStorageKind.Volume, ContainerStorageKind.Download];

    private long _freed;

    /// <summary>What is removed: containers, images and what pulls have left, where omitted.</summary>
    [Parameter(Position = 0)]
    public ContainerStorageKind[] Kind { get; set; } = [ContainerStorageKind.Container, ContainerStorageKind.Image, ContainerStorageKind.Download];

    /// <summary>Also images that have a name, and volumes that have one, if nothing uses them.</summary>
    [Parameter]
    [Alias("a")]
    public SwitchParameter All { get; set; }

    /// <summary>Only what is older: 24h, 30d, or a TimeSpan. A bare number is refused, for it could mean anything, and what is removed is gone.</summary>
    [Parameter]
    [Duration(NeedsUnit = true)]
    public TimeSpan OlderThan { get; set; }

    /// <summary>Only what has all of these labels: key, or key=value.</summary>
    [Parameter]
    [Alias("l")]
    [NameValue]
    public string[] Label { get; set; } = [];

    /// <summary>Emit what was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // One after the other: what a container used may go with it.
        foreach (ContainerStorageKind kind in s_order)
        {
            if (!Kind.Contains(kind)) continue;
            IReadOnlyList<ContainerStorageItem> items = [];
            Attempt(null, () => items = Await(Engine.Storage.ListAsync(Cancellation)));
            foreach (ContainerStorageItem item in items.Where(item => item.Kind == kind && IsMeant(item))) Remove(item);
        }

        WriteVerbose($"{HumanUnits.Size(_freed)} are free now.");
    }

    private bool IsMeant(ContainerStorageItem item)
    {
        if (item.InUse || (item.Kind != ContainerStorageKind.Container && !All && !item.Dangling)) return false;
        if (OlderThan > TimeSpan.Zero && !(DateTimeOffset.UtcNow - item.CreatedAt > OlderThan)) return false;
        return Label.All(label =>
        {
            string[] parts = label.Split('=', 2);
            return item.Labels.TryGetValue(parts[0], out string? value) && (parts.Length == 1 || value == parts[1]);
        });
    }

    private void Remove(ContainerStorageItem item)
    {
        if (!ShouldProcess($"{item.Kind.ToString().ToLowerInvariant()} {item.Name} ({HumanUnits.Size(item.OwnSize)})", "Remove")) return;
        if (!Attempt(item, () => Remove(item.Kind, item))) return;
        _freed += item.OwnSize;
        if (PassThru) WriteObject(item);
    }

    private void Remove(ContainerStorageKind kind, ContainerStorageItem item)
    {
        switch (kind)
        {
            case ContainerStorageKind.Container:
                Await(Engine.Containers.RemoveAsync(item.Id, new ContainerRemoveOptions(), Cancellation));
                break;
            case ContainerStorageKind.Volume:
                Await(Engine.Volumes.RemoveAsync(item.Id, Cancellation));
                break;
            case ContainerStorageKind.Download:
                Await(Engine.Storage.RemoveDownloadAsync(item.Id, Cancellation));
                break;
            default:
                // By its names, and without force: a container that has come to use it meanwhile keeps it.
                if (item is { Dangling: true, Digest: { } digest })
                {
                    // Its id may be that of an image with a name as well.
                    Await(Engine.Images.RemoveAsync(digest, new ImageRemoveOptions { OnlyUnnamed = true }, Cancellation));
                    break;
                }

                foreach (string name in item.Dangling ? [item.Id] : item.Name.Split(", "))
                {
                    Await(Engine.Images.RemoveAsync(name, new ImageRemoveOptions(), Cancellation));
                }

                break;
        }
    }
}
