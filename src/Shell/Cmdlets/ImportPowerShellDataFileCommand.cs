using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>Reads a hash table from a file without running it.</summary>
[Cmdlet(VerbsData.Import, "PowerShellDataFile", DefaultParameterSetName = "ByPath")]
[OutputType(typeof(Hashtable))]
public sealed class ImportPowerShellDataFileCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByPath")]
    public string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "ByLiteralPath")]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    [Parameter]
    public SwitchParameter SkipLimitCheck { get; set; }

    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == "ByLiteralPath";
        foreach (string given in isLiteral ? LiteralPath : Path)
        {
            foreach (string file in FileText.Resolve(this, given, isLiteral) ?? [])
            {
                Ast script = Parser.ParseFile(file, out _, out ParseError[] errors);
                Ast? table = errors.Length > 0 ? null : script.Find(a => a is HashtableAst, searchNestedScriptBlocks: false);
                if (table is null)
                {
                    WriteError(new ErrorRecord(
                        new InvalidOperationException($"The file '{file}' could not be parsed as a PowerShell Data File. {errors.FirstOrDefault()?.Message}".TrimEnd()),
                        "CouldNotParseAsPowerShellDataFile", ErrorCategory.InvalidData, file));
                    continue;
                }
                WriteObject(table.SafeGetValue());
            }
        }
    }
}
