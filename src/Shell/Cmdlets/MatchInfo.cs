using System.Text.RegularExpressions;

namespace Microsoft.PowerShell.Commands;

/// <summary>A line that Select-String found. The name is the one that the engine's format data knows.</summary>
public sealed class MatchInfo
{
    public bool IgnoreCase { get; init; }
    public int LineNumber { get; init; }
    public string Line { get; init; } = "";
    public string Filename => Path == "InputStream" ? Path : System.IO.Path.GetFileName(Path);
    public string Path { get; init; } = "InputStream";
    public string Pattern { get; init; } = "";
    public IReadOnlyList<Match> Matches { get; init; } = [];

    public override string ToString() => Path == "InputStream" ? Line : $"{Path}:{LineNumber}:{Line}";
}
