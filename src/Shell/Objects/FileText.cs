using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Text;

namespace ContainerTools.Shell.Objects;

/// <summary>Files as text: where they are and how they are written.</summary>
internal static class FileText
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>An encoding by the name that <c>-Encoding</c> takes.</summary>
    public static Encoding Encoding(string? name) => name?.ToUpperInvariant() switch
    {
        null or "" or "UTF8" or "UTF8NOBOM" or "DEFAULT" => Utf8,
        "UTF8BOM" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
        "ASCII" => System.Text.Encoding.ASCII,
        "UNICODE" or "UTF16" => System.Text.Encoding.Unicode,
        "BIGENDIANUNICODE" => System.Text.Encoding.BigEndianUnicode,
        "UTF32" => System.Text.Encoding.UTF32,
        "LATIN1" => System.Text.Encoding.Latin1,
        _ => System.Text.Encoding.GetEncoding(name),
    };

    /// <summary>The file that a PowerShell path means, which need not exist.</summary>
    public static string Locate(PSCmdlet cmdlet, string path)
    {
        string located = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        if (!IsFileSystem(provider))
            throw new PSNotSupportedException($"'{path}' is not a path of the file system.");
        return located;
    }

    /// <summary>The existing files that a path means, or null when it belongs to another provider.</summary>
    public static Collection<string>? Resolve(PSCmdlet cmdlet, string path, bool isLiteral)
    {
        if (!isLiteral)
        {
            Collection<string> found = cmdlet.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            return IsFileSystem(provider) ? found : null;
        }
        string literal = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo owner, out _);
        return IsFileSystem(owner) ? [literal] : null;
    }

    private static bool IsFileSystem(ProviderInfo provider) => provider.Name == "FileSystem";
}
