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
    private long _asked;
    private int _items;
    private bool _confirmed;

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

        if (Kind.Contains(ContainerStorageKind.Image) || Kind.Contains(ContainerStorageKind.Container)) RemoveUnused();
        WriteVerbose(_items > 0 && !_confirmed ? $"At least {HumanUnits.Size(_asked)} could be freed." : $"{HumanUnits.Size(_freed)} are free now.");
    }

    // Also what no listed image holds any more: what an image that was removed by force has left to a container. Its bytes are what the images have freed
    // together, shared layers included.
    private void RemoveUnused()
    {
        // It asks for nothing of its own: every change of an image does it, and nobody could use or see what goes.
        if (_items > 0 ? !_confirmed : IsWhatIf) return;
        Attempt(null, () => _freed += Await(Engine.Storage.RemoveUnusedAsync(Cancellation)));
    }

    private bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

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
        _items++;
        _asked += item.OwnSize;
        if (!ShouldProcess($"{item.Kind.ToString().ToLowerInvariant()} {item.Name} ({HumanUnits.Size(item.OwnSize)})", "Remove")) return;
        _confirmed = true;
        if (!Attempt(item, () => Remove(item.Kind, item))) return;
        // What images free, together and with what they share, is known at the end.
        if (item.Kind != ContainerStorageKind.Image) _freed += item.OwnSize;
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
                    Await(Engine.Images.RemoveAsync(digest, new ImageRemoveOptions { OnlyUnnamed = true, KeepPieces = true }, Cancellation));
                    break;
                }

                foreach (string name in item.Dangling ? [item.Id] : item.Name.Split(", "))
                {
                    Await(Engine.Images.RemoveAsync(name, new ImageRemoveOptions { KeepPieces = true }, Cancellation));
                }

                break;
        }
    }
}
