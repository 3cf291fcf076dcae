using System.Management.Automation;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Sets variables, and makes those that are not there.</summary>
[Cmdlet(VerbsCommon.Set, "Variable", SupportsShouldProcess = true)]
public sealed class SetVariableCommand : PSCmdlet
{
    private readonly List<object?> _values = [];

    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public object? Value { get; set; }

    [Parameter]
    public string? Description { get; set; }

    [Parameter]
    public ScopedItemOptions Option { get; set; }

    [Parameter]
    public string? Scope { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord() => _values.Add(Value);

    protected override void EndProcessing()
    {
        object? value = _values.Count switch
        {
            0 => null,
            1 => _values[0],
            _ => _values.ToArray(),
        };
        // Without a scope the variable is the current scope's own, as an assignment makes it.
        VariableScope scope = new(this, Scope ?? "0");
        foreach (string name in Name)
        {
            if (!ShouldProcess($"Name: {name} Value: {value}", "Set variable"))
                continue;
            PSVariable? variable = scope.Get(name);
            bool hasOption = MyInvocation.BoundParameters.ContainsKey(nameof(Option));
            if (variable is null || hasOption)
            {
                variable = new PSVariable(name, value, Option);
                scope.Set(variable, Force);
            }
            else
            {
                variable.Value = value;
            }
            if (Description is not null)
                variable.Description = Description;
            if (PassThru)
                WriteObject(variable);
        }
    }
}
