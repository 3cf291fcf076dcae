using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Clear-ContainerStorage: removes what nobody uses: stopped containers, images without a name, volumes, beginnings of layers.</summary>
[Cmdlet(VerbsCommon.Clear, "ContainerStorage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ContainerStorageItem))]
public sealed class ClearContainerStorageCommand : ContainerCmdlet
{
    private readonly HashSet<string> _kept = [];
    private long _freed;
    private bool _confirmed;

    /// <summary>What is removed: containers, images and what pulls have left, where omitted.</summary>
    [Parameter(Position = 0)]
    [ValidateSet(nameof(ContainerStorageKind.Container), nameof(ContainerStorageKind.Image), nameof(ContainerStorageKind.Volume), nameof(ContainerStorageKind.Download))]
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
        StorageClearOptions options = new() { Kinds = Kind, All = All, OlderThan = OlderThan > TimeSpan.Zero ? OlderThan : null, Labels = Label };
        ContainerStoragePlan? plan = null;
        if (!Attempt(null, () => plan = Await(Engine.Storage.PlanClearAsync(options, Cancellation)))) return;
        foreach (ContainerStorageStep step in plan!.Steps) Take(step);
        if (IsWhatIf)
        {
            // As visible as what PowerShell itself says to -WhatIf.
            WriteInformation(new HostInformationMessage { Message = $"What if: {Freed(plan.FreedSize, "would be")}" }, ["PSHOST"]);
            return;
        }

        RemoveUnused(plan);
        WriteVerbose(plan.Steps.Count > 0 && !_confirmed ? Freed(plan.FreedSize, "could be") : $"{HumanUnits.Size(_freed)} are free now.");
    }

    private static string Freed(long bytes, string would) => $"{HumanUnits.Size(bytes)} {would} freed.";

    private void Take(ContainerStorageStep step)
    {
        ContainerStorageItem item = step.Item;
        // What a container needs that stays is refused; who has kept the container knows.
        if (item.UsedBy.Any(_kept.Contains)) return;
        bool removed = false;
        if (ShouldProcess($"{item.Kind.ToString().ToLowerInvariant()} {Title(item)} ({HumanUnits.Size(step.FreedSize)})", "Remove"))
        {
            _confirmed = true;
            removed = Attempt(item, () => Await(Engine.Storage.RemoveAsync(item, Cancellation)));
        }
        else if (IsWhatIf)
        {
            return;
        }

        if (!removed)
        {
            if (item.Kind == ContainerStorageKind.Container) _kept.Add(item.Name);
            return;
        }

        _freed += step.FreedSize - step.SharedFreedSize;
        if (PassThru) WriteObject(item);
    }

    private static string Title(ContainerStorageItem item) => item.Names.Count > 1 ? string.Join(", ", item.Names) : item.Name;

    // What the images held together, and what no listed image holds any more, as an image that was removed by force leaves it to a container. It asks for nothing of
    // its own: every change of an image does it, and nobody could use or see what goes.
    private void RemoveUnused(ContainerStoragePlan plan)
    {
        if (!Kind.Contains(ContainerStorageKind.Image) && !Kind.Contains(ContainerStorageKind.Container)) return;
        if (plan.Steps.Count == 0 || _confirmed) Attempt(null, () => _freed += Await(Engine.Storage.RemoveUnusedAsync(Cancellation)));
    }

    private bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));
}
