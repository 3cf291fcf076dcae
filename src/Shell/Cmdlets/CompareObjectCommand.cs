using System.Globalization;
using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Tells two collections apart.</summary>
[Cmdlet(VerbsData.Compare, "Object")]
public sealed class CompareObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _difference = [];

    [Parameter(Mandatory = true, Position = 0)]
    [AllowEmptyCollection]
    public PSObject[] ReferenceObject { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [AllowEmptyCollection]
    public PSObject[] DifferenceObject { get; set; } = [];

    [Parameter]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter ExcludeDifferent { get; set; }

    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    protected override void ProcessRecord() => _difference.AddRange(DifferenceObject);

    protected override void EndProcessing()
    {
        ValueComparer comparer = new(CaseSensitive, CultureInfo.CurrentCulture);
        PropertySelector[] selectors = PropertySelector.Parse(Property);
        bool Equal(PSObject a, PSObject b) => selectors.Length == 0
            ? comparer.Compare(a, b) == 0
            : selectors.All(s => comparer.Compare(s.Get(a), s.Get(b)) == 0);

        List<PSObject> left = [.. ReferenceObject];
        List<PSObject> right = [];
        foreach (PSObject item in _difference)
        {
            int index = left.FindIndex(other => Equal(other, item));
            if (index < 0)
            {
                right.Add(item);
                continue;
            }
            if (IncludeEqual || ExcludeDifferent)
                Report(left[index], "==", selectors);
            left.RemoveAt(index);
        }
        if (ExcludeDifferent)
            return;
        foreach (PSObject item in right)
            Report(item, "=>", selectors);
        foreach (PSObject item in left)
            Report(item, "<=", selectors);
    }

    private void Report(PSObject item, string side, PropertySelector[] selectors)
    {
        if (PassThru)
        {
            item.Properties.Add(new PSNoteProperty("SideIndicator", side), preValidated: true);
            WriteObject(item);
            return;
        }
        PSObject result = new();
        if (selectors.Length == 0)
            result.Properties.Add(new PSNoteProperty("InputObject", item.BaseObject is PSCustomObject ? item : item.BaseObject));
        else
            foreach (PropertySelector selector in selectors)
                result.Properties.Add(new PSNoteProperty(selector.ToString(), selector.Get(item)));
        result.Properties.Add(new PSNoteProperty("SideIndicator", side));
        WriteObject(result);
    }
}
