using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ContainerTools.Module.Completion;

/// <summary>
/// Completes an argument from a list of candidates: keeps those that begin with what was typed, puts quotes around what needs them, and
/// offers nothing, rather than an error, when the candidates cannot be had.
/// </summary>
public abstract class ValueCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = wordToComplete ?? "";
        char quote = word.Length > 0 && word[0] is '\'' or '"' ? word[0] : '\0';
        if (quote != '\0') word = word.Trim(quote);
        try
        {
            return [.. Candidates(commandName ?? "", word).Select(candidate => ToResult(candidate, quote))];
        }
        catch (Exception error) when (error is not (OutOfMemoryException or StackOverflowException))
        {
            // The user is typing: an engine that cannot be read is reported by the command itself, not by the Tab key.
            return [];
        }
    }

    /// <summary>The values that complete a word, with a line about each.</summary>
    /// <param name="command">The cmdlet's name.</param>
    /// <param name="word">What was typed, without quotes.</param>
    private protected abstract IEnumerable<Candidate> Candidates(string command, string word);

    /// <summary>The value as it must be typed.</summary>
    internal static string Quote(string value, char quote)
    {
        bool plain = value.Length > 0 && value.All(static c => char.IsAsciiLetterOrDigit(c) || "_-./:@+".Contains(c, StringComparison.Ordinal))
            && value[0] is not ('-' or '@');
        if (plain && quote == '\0') return value;
        return quote == '"'
            ? $"\"{value.Replace("`", "``", StringComparison.Ordinal).Replace("\"", "`\"", StringComparison.Ordinal).Replace("$", "`$", StringComparison.Ordinal)}\""
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
    }

    private static CompletionResult ToResult(Candidate candidate, char quote)
        => new(Quote(candidate.Value, quote), candidate.Value, CompletionResultType.ParameterValue, candidate.Hint.Length > 0 ? candidate.Hint : candidate.Value);

    /// <summary>A value and a line about it.</summary>
    internal readonly record struct Candidate(string Value, string Hint = "");
}
