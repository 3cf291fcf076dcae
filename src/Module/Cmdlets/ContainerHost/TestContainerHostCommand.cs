using System.Management.Automation;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Test-ContainerHost: what this kernel and machine can and cannot do for containers, why, and what to do about it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ContainerHost")]
[OutputType(typeof(HostCapability), typeof(bool))]
public sealed class TestContainerHostCommand : ContainerCmdlet
{
    /// <summary>Names to keep.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Categories to keep.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completion.HostCategoryCompleter))]
    public string[] Category { get; set; } = ["*"];

    /// <summary>Answer only whether everything that the engine cannot work without is there.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        WildcardPattern[] names = [.. Name.Select(Pattern)], categories = [.. Category.Select(Pattern)];
        bool fit = true;
        // One category after another, each where it was first met: the table is grouped by it.
        foreach (HostCapability capability in Enumerate(Engine.Host.TestAsync(Cancellation)).GroupBy(static found => found.Category).SelectMany(static group => group))
        {
            if (!names.Any(name => name.IsMatch(capability.Name)) || !categories.Any(category => category.IsMatch(capability.Category))) continue;
            fit &= !capability.Required || capability.Status != HostCapabilityStatus.Missing;
            if (!Quiet) WriteObject(capability);
        }

        if (Quiet) WriteObject(fit);
    }

    private static WildcardPattern Pattern(string text) => WildcardPattern.Get(text, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
}
