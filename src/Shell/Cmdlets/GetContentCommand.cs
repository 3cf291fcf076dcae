using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Provider;
using ContainerTools.Shell.Hosting;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>The lines of a file, or the content of another item.</summary>
[Management]
[Cmdlet(VerbsCommon.Get, "Content", DefaultParameterSetName = "Path")]
public sealed class GetContentCommand : PathCommand
{
    [Parameter]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    [Alias("First", "Head")]
    public long TotalCount { get; set; } = -1;

    [Parameter]
    [Alias("Last")]
    public int Tail { get; set; } = -1;

    [Parameter]
    public long ReadCount { get; set; } = 1;

    [Parameter]
    public string? Encoding { get; set; }

    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord() => ForEachPath(path =>
    {
        // The provider finds the path or says what is wrong with it.
        foreach (PathInfo resolved in IsLiteral || !WildcardPattern.ContainsWildcardCharacters(path) ? [] : SessionState.Path.GetResolvedPSPathFromPSPath(path))
            Read(resolved.Path, isLiteral: true);
        if (IsLiteral || !WildcardPattern.ContainsWildcardCharacters(path))
            Read(path, isLiteral: true);
    });

    private void Read(string path, bool isLiteral)
    {
        if (!InvokeProvider.Item.Exists(path, Force, isLiteral))
        {
            WriteError(new ErrorRecord(
                new ItemNotFoundException($"Cannot find path '{SessionState.Path.GetUnresolvedProviderPathFromPSPath(path)}' because it does not exist."),
                "PathNotFound", ErrorCategory.ObjectNotFound, path));
            return;
        }
        if (FileText.Resolve(this, path, isLiteral)?.FirstOrDefault() is { } file)
        {
            if (System.IO.Directory.Exists(file))
                throw new UnauthorizedAccessException($"Access to the path '{file}' is denied.");
            ReadFile(file);
            return;
        }
        foreach (IContentReader reader in InvokeProvider.Content.GetReader([path], Force, isLiteral))
        {
            using (reader)
            {
                for (IList block = reader.Read(0); block.Count > 0; block = reader.Read(0))
                    WriteObject(block, enumerateCollection: true);
                reader.Close();
            }
        }
    }

    private void ReadFile(string file)
    {
        if (AsByteStream)
        {
            byte[] bytes = File.ReadAllBytes(file);
            WriteObject(bytes, enumerateCollection: !Raw);
            return;
        }
        if (Raw)
        {
            string text = File.ReadAllText(file, FileText.Encoding(Encoding));
            if (text.Length > 0)
                WriteObject(text);
            return;
        }
        IEnumerable<string> lines = File.ReadLines(file, FileText.Encoding(Encoding));
        if (TotalCount >= 0)
            lines = lines.Take((int)Math.Min(TotalCount, int.MaxValue));
        if (Tail >= 0)
            lines = lines.TakeLast(Tail);
        if (ReadCount == 1)
        {
            foreach (string line in lines)
                WriteObject(line);
            return;
        }
        foreach (string[] block in lines.Chunk(ReadCount <= 0 ? int.MaxValue : (int)ReadCount))
            WriteObject(block, enumerateCollection: false);
    }
}
