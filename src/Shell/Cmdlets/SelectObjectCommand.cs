using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Takes some of the objects, or some of their properties.</summary>
[Cmdlet(VerbsCommon.Select, "Object", DefaultParameterSetName = "DefaultParameter")]
public sealed class SelectObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _kept = [];
    private readonly List<PSObject> _seen = [];
    private PropertySelector[] _properties = [];
    private PropertySelector[] _excluded = [];
    private HashSet<int>? _indexes;
    private WildcardPattern[] _excludedNames = [];
    private int _index = -1;
    private int _emitted;

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0, ParameterSetName = "DefaultParameter")]
    [Parameter(Position = 0, ParameterSetName = "SkipLastParameter")]
    public object[]? Property { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "SkipLastParameter")]
    public string[]? ExcludeProperty { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "SkipLastParameter")]
    public string? ExpandProperty { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    public SwitchParameter CaseInsensitive { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int Last { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int First { get; set; } = -1;

    [Parameter(ParameterSetName = "DefaultParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int Skip { get; set; }

    [Parameter(ParameterSetName = "SkipLastParameter")]
    [ValidateRange(0, int.MaxValue)]
    public int SkipLast { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    [Parameter(ParameterSetName = "IndexParameter")]
    public SwitchParameter Wait { get; set; }

    [Parameter(ParameterSetName = "IndexParameter")]
    public int[]? Index { get; set; }

    [Parameter(ParameterSetName = "SkipIndexParameter")]
    public int[]? SkipIndex { get; set; }

    protected override void BeginProcessing()
    {
        _properties = PropertySelector.Parse(Property);
        _excluded = PropertySelector.Parse(ExcludeProperty);
        _excludedNames = Array.ConvertAll(ExcludeProperty ?? [], name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase));
        if (_excluded.Length > 0 && _properties.Length == 0)
            _properties = PropertySelector.Parse(["*"]);
        if ((Index ?? SkipIndex) is { } indexes)
            _indexes = [.. indexes];
    }

    protected override void ProcessRecord()
    {
        if (InputObject is null)
            return;
        _index++;
        if (_indexes is not null)
        {
            if (_indexes.Contains(_index) == (Index is not null))
                Emit(InputObject);
            return;
        }
        if (SkipLast > 0)
        {
            _kept.Add(InputObject);
            if (_kept.Count > SkipLast)
            {
                Emit(_kept[0]);
                _kept.RemoveAt(0);
            }
            return;
        }
        bool isBounded = MyInvocation.BoundParameters.ContainsKey("Last");
        if (isBounded && First < 0)
        {
            // -Last with -Skip leaves out the end.
            _kept.Add(InputObject);
            if (_kept.Count > Last + Skip)
                _kept.RemoveAt(0);
            return;
        }
        if (_index < Skip)
            return;
        if (First < 0 || _emitted < First)
        {
            Emit(InputObject);
            _emitted++;
        }
        else if (isBounded)
        {
            _kept.Add(InputObject);
            if (_kept.Count > Last)
                _kept.RemoveAt(0);
        }
        if (First >= 0 && _emitted >= First && !isBounded && !Wait)
            PipelineEnd.StopUpstream(this);
    }

    protected override void EndProcessing()
    {
        if (SkipLast > 0)
            return;
        int count = First < 0 ? Math.Max(0, _kept.Count - Skip) : _kept.Count;
        foreach (PSObject item in _kept.Take(count))
            Emit(item);
    }

    private void Emit(PSObject item)
    {
        if (_properties.Length == 0 && ExpandProperty is null)
        {
            if (IsNew(item))
                WriteObject(item);
            return;
        }
        PSObject result = _properties.Length > 0 ? Project(item) : item;
        if (ExpandProperty is null)
        {
            if (IsNew(result))
                WriteObject(result);
            return;
        }
        Expand(item, result);
    }

    private PSObject Project(PSObject item)
    {
        PSObject result = new();
        string type = item.BaseObject is PSCustomObject ? "System.Management.Automation.PSCustomObject" : item.BaseObject.GetType().FullName!;
        result.TypeNames.Insert(0, "Selected." + type);
        foreach (PropertySelector selector in _properties)
        {
            foreach ((string name, object? value) in selector.Select(item))
            {
                if (_excludedNames.Any(p => p.IsMatch(name)))
                    continue;
                if (result.Properties[name] is null)
                    result.Properties.Add(new PSNoteProperty(name, value));
                else if (!selector.HasWildcard)
                    WriteError(new ErrorRecord(
                        new PSArgumentException($"The property cannot be processed because the property \"{name}\" already exists."),
                        "AlreadyExistingUserSpecifiedPropertyNoExpand", ErrorCategory.InvalidOperation, item));
            }
        }
        return result;
    }

    private void Expand(PSObject item, PSObject properties)
    {
        PSPropertyExpression expression = new(ExpandProperty!);
        List<PSPropertyExpressionResult> values = expression.GetValues(item);
        if (values.Count == 0)
        {
            WriteError(new ErrorRecord(
                new PSArgumentException($"Property \"{ExpandProperty}\" cannot be found."),
                "ExpandPropertyNotFound", ErrorCategory.InvalidArgument, item));
            return;
        }
        System.Collections.IEnumerable? items = LanguagePrimitives.GetEnumerable(values[0].Result);
        foreach (object? value in items ?? new[] { values[0].Result })
        {
            if (value is null)
            {
                if (items is null)
                    WriteObject(null);
                continue;
            }
            PSObject expanded = PSObject.AsPSObject(value);
            if (_properties.Length > 0)
            {
                foreach (PSPropertyInfo property in properties.Properties)
                    expanded.Properties.Add(new PSNoteProperty(property.Name, property.Value));
            }
            if (IsNew(expanded))
                WriteObject(expanded);
        }
    }

    private bool IsNew(PSObject item)
    {
        if (!Unique)
            return true;
        if (_seen.Any(other => IsSame(item, other)))
            return false;
        _seen.Add(item);
        return true;
    }

    private bool IsSame(PSObject one, PSObject other)
    {
        if (one.BaseObject is not PSCustomObject || other.BaseObject is not PSCustomObject)
            return LanguagePrimitives.Equals(one.BaseObject, other.BaseObject, CaseInsensitive);
        PSPropertyInfo[] first = [.. one.Properties], second = [.. other.Properties];
        return first.Length == second.Length &&
            first.Zip(second).All(pair => pair.First.Name == pair.Second.Name &&
                LanguagePrimitives.Equals(pair.First.Value, pair.Second.Value, CaseInsensitive));
    }
}
