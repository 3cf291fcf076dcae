using System.Management.Automation;
using System.Management.Automation.Provider;

namespace ContainerTools.Shell.Objects;

/// <summary>What Set-Content and Add-Content have in common.</summary>
public abstract class WriteContentCommand : PathCommand
{
    private readonly List<object?> _values = [];
    private readonly List<string> _targets = [];

    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public override string[] Path { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    [AllowEmptyCollection]
    public object?[]? Value { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    [Parameter]
    public string? Encoding { get; set; }

    private protected abstract bool Appends { get; }

    private protected abstract string Action { get; }

    protected override void ProcessRecord()
    {
        foreach (string path in Paths)
        {
            if (!_targets.Contains(path))
                _targets.Add(path);
        }
        _values.AddRange(Value ?? []);
    }

    protected override void EndProcessing()
    {
        foreach (string path in _targets)
            Try(() => Write(path), path);
        if (PassThru)
            WriteObject(_values, enumerateCollection: true);
    }

    private void Write(string path)
    {
        if (!ShouldProcess($"Path: {path}", Action))
            return;
        SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        if (provider.Name != "FileSystem")
        {
            if (!Appends)
                InvokeProvider.Content.Clear([path], Force, IsLiteral);
            foreach (IContentWriter writer in InvokeProvider.Content.GetWriter([path], Force, IsLiteral))
            {
                using (writer)
                {
                    writer.Write(_values);
                    writer.Close();
                }
            }
            return;
        }
        bool isPattern = !IsLiteral && WildcardPattern.ContainsWildcardCharacters(path);
        foreach (string file in isPattern ? FileText.Resolve(this, path, isLiteral: false)! : [FileText.Locate(this, path)])
        {
            if (Force && File.Exists(file))
                File.SetAttributes(file, File.GetAttributes(file) & ~FileAttributes.ReadOnly);
            using FileStream stream = new(file, Appends ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
            WriteTo(stream);
        }
    }

    private void WriteTo(FileStream stream)
    {
        if (AsByteStream)
        {
            foreach (object? value in _values)
                stream.Write(LanguagePrimitives.ConvertTo<byte[]>(value));
            return;
        }
        using StreamWriter writer = new(stream, FileText.Encoding(Encoding));
        foreach (object? value in _values)
        {
            string text = value is null ? "" : LanguagePrimitives.ConvertTo<string>(value);
            if (NoNewline)
                writer.Write(text);
            else
                writer.WriteLine(text);
        }
    }
}
