using System.Globalization;
using System.Management.Automation;

namespace ContainerTools.Shell.Objects;

/// <summary>A cmdlet that compares the objects of its input by some of their properties.</summary>
public abstract class ComparingCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public string? Culture { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    internal ValueComparer NewComparer() =>
        new(CaseSensitive, string.IsNullOrEmpty(Culture) ? CultureInfo.CurrentCulture : CultureInfo.GetCultureInfo(Culture));
}
