using System.Management.Automation;
using System.Text.RegularExpressions;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>The lines in which a pattern is found.</summary>
[Cmdlet(VerbsCommon.Select, "String", DefaultParameterSetName = "File")]
[OutputType(typeof(MatchInfo), typeof(bool), typeof(string))]
public sealed class SelectStringCommand : PSCmdlet
{
    private Regex[] _patterns = [];
    private int _inputLine;
    private bool _found;

    [Parameter(ValueFromPipeline = true, Mandatory = true, ParameterSetName = "Object")]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    [Parameter(Mandatory = true, Position = 0)]
    public string[] Pattern { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "File")]
    public string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralFile")]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    [Parameter]
    public SwitchParameter SimpleMatch { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter Quiet { get; set; }

    [Parameter]
    public SwitchParameter List { get; set; }

    [Parameter]
    public SwitchParameter NotMatch { get; set; }

    [Parameter]
    public SwitchParameter AllMatches { get; set; }

    [Parameter]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    public SwitchParameter NoEmphasis { get; set; }

    protected override void BeginProcessing() => _patterns = Array.ConvertAll(
        Pattern, p => new Regex(SimpleMatch ? Regex.Escape(p) : p, CaseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase));

    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Object")
        {
            if (InputObject?.BaseObject is FileInfo file)
                Search(file.FullName);
            else if (!(Quiet && _found))
                Test(InputObject?.ToString() ?? "", ++_inputLine, null);
            return;
        }
        bool isLiteral = ParameterSetName == "LiteralFile";
        foreach (string given in isLiteral ? LiteralPath : Path)
        {
            foreach (string path in FileText.Resolve(this, given, isLiteral) ?? [])
                Search(path);
        }
    }

    protected override void EndProcessing()
    {
        if (Quiet && !_found)
            WriteObject(false);
    }

    private void Search(string path)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            if (Quiet && _found)
                return;
            if (Test(line, ++number, path) && List)
                return;
        }
    }

    private bool Test(string line, int number, string? path)
    {
        Regex? pattern = _patterns.FirstOrDefault(p => p.IsMatch(line));
        if (pattern is not null == NotMatch)
            return false;
        _found = true;
        if (Quiet)
        {
            WriteObject(true);
            return true;
        }
        if (Raw)
        {
            WriteObject(line);
            return true;
        }
        pattern ??= _patterns[0];
        MatchCollection matches = pattern.Matches(line);
        WriteObject(new MatchInfo
        {
            IgnoreCase = !CaseSensitive,
            LineNumber = number,
            Line = line,
            Path = path ?? "InputStream",
            Pattern = Pattern[Array.IndexOf(_patterns, pattern)],
            Matches = [.. AllMatches ? (IEnumerable<Match>)matches : matches.Take(1)],
        });
        return true;
    }
}
