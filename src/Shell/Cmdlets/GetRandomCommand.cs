using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>A random number, or random ones of its input.</summary>
[Cmdlet(VerbsCommon.Get, "Random", DefaultParameterSetName = "RandomNumberParameterSet")]
public sealed class GetRandomCommand : PSCmdlet
{
    private readonly List<object> _items = [];

    [Parameter(ValueFromPipeline = true, ParameterSetName = "RandomListItemParameterSet", Mandatory = true, Position = 0)]
    [Parameter(ParameterSetName = "ShuffleParameterSet", ValueFromPipeline = true, Mandatory = true, Position = 0)]
    public object[] InputObject { get; set; } = [];

    [Parameter(Position = 0, ParameterSetName = "RandomNumberParameterSet")]
    public object? Maximum { get; set; }

    [Parameter(ParameterSetName = "RandomNumberParameterSet")]
    public object? Minimum { get; set; }

    [Parameter(ParameterSetName = "RandomListItemParameterSet")]
    [Parameter(ParameterSetName = "RandomNumberParameterSet")]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    [Parameter(ParameterSetName = "ShuffleParameterSet", Mandatory = true)]
    public SwitchParameter Shuffle { get; set; }

    [Parameter]
    public int? SetSeed { get; set; }

    protected override void ProcessRecord() => _items.AddRange(InputObject);

    protected override void EndProcessing()
    {
        // Not for secrets: Get-SecureRandom is pwsh's cmdlet for those.
#pragma warning disable CA5394
        Random random = SetSeed is { } seed ? new Random(seed) : Random.Shared;
        if (ParameterSetName != "RandomNumberParameterSet")
        {
            object[] items = [.. _items];
            random.Shuffle(items);
            foreach (object item in items.Take(Shuffle ? items.Length : Count))
                WriteObject(item);
            return;
        }
        object maximum = Unwrap(Maximum) ?? int.MaxValue, minimum = Unwrap(Minimum) ?? 0;
        for (int i = 0; i < Count; i++)
        {
            if (maximum is double or float or decimal || minimum is double or float or decimal)
            {
                double low = LanguagePrimitives.ConvertTo<double>(minimum);
                WriteObject(low + (random.NextDouble() * (LanguagePrimitives.ConvertTo<double>(maximum) - low)));
                continue;
            }
            long value = random.NextInt64(LanguagePrimitives.ConvertTo<long>(minimum), LanguagePrimitives.ConvertTo<long>(maximum));
            WriteObject(maximum is long || minimum is long || value != (int)value ? value : (int)value);
        }
#pragma warning restore CA5394
    }

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
