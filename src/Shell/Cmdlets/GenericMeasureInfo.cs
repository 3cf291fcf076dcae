namespace Microsoft.PowerShell.Commands;

/// <summary>What was measured of numbers or other values. The name is the one that the engine's format data knows.</summary>
public sealed class GenericMeasureInfo
{
    public int Count { get; init; }
    public object? Average { get; init; }
    public object? Sum { get; init; }
    public object? Maximum { get; init; }
    public object? Minimum { get; init; }
    public object? StandardDeviation { get; init; }
    public string? Property { get; init; }
}
