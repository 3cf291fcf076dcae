namespace Microsoft.PowerShell.Commands;

/// <summary>What was measured of text.</summary>
public sealed class TextMeasureInfo
{
    public int? Lines { get; init; }
    public int? Words { get; init; }
    public int? Characters { get; init; }
    public string? Property { get; init; }
}
