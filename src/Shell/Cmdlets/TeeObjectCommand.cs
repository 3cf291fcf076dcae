using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Passes its input on and keeps a copy in a file or a variable.</summary>
[Cmdlet("Tee", "Object", DefaultParameterSetName = "File")]
public sealed class TeeObjectCommand : PSCmdlet, IDisposable
{
    private readonly List<object?> _kept = [];
    private SteppablePipeline? _file;

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "File")]
    [Alias("Path")]
    public string? FilePath { get; set; }

    [Parameter(ParameterSetName = "File")]
    public SwitchParameter Append { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Variable")]
    public string? Variable { get; set; }

    public void Dispose() => _file?.Dispose();

    protected override void BeginProcessing()
    {
        if (FilePath is null)
            return;
        _file = ScriptBlock.Create("Out-File -FilePath $args[0] -Append:$args[1]").GetSteppablePipeline(CommandOrigin.Internal, [FilePath, Append.ToBool()]);
        _file.Begin(expectInput: true);
    }

    protected override void ProcessRecord()
    {
        _file?.Process(InputObject);
        _kept.Add(InputObject);
        WriteObject(InputObject);
    }

    protected override void EndProcessing()
    {
        _file?.End();
        if (Variable is not null)
            SessionState.PSVariable.Set(Variable, _kept.Count == 1 ? _kept[0] : _kept.ToArray());
    }
}
