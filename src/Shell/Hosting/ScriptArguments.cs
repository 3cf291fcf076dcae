using System.Management.Automation.Runspaces;

namespace ContainerTools.Shell.Hosting;

/// <summary>Turns the words after <c>-File script.ps1</c> into parameters, by the rules of pwsh.</summary>
internal static class ScriptArguments
{
    public static IEnumerable<CommandParameter> Parse(IReadOnlyList<string> words)
    {
        foreach (string word in words)
        {
            int colon = word.IndexOf(':', StringComparison.Ordinal);
            if (!IsParameter(word))
                yield return new CommandParameter(null, word);
            else if (colon > 0 && colon < word.Length - 1)
                yield return new CommandParameter(word[..colon], Literal(word[(colon + 1)..]));
            else
                // Whether the next word is its value or the parameter is a switch is for the binder to find out.
                yield return new CommandParameter(word.TrimEnd(':'));
        }
    }

    // -Switch:$false has to work, and no other expression is understood.
    private static object Literal(string value) => value.ToUpperInvariant() switch
    {
        "$TRUE" => true,
        "$FALSE" => false,
        _ => value,
    };

    private static bool IsParameter(string word) => word.Length > 1 && word[0] == '-' && (char.IsLetter(word[1]) || word[1] is '_' or '?');
}
