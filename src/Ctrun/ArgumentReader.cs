using System.Globalization;

namespace ContainerTools.Ctrun;

/// <summary>
/// Reads a command line as runc's does: options first, <c>--name value</c> or <c>--name=value</c>, with one dash or two; the first word
/// that is no option, or <c>--</c>, ends them.
/// </summary>
/// <param name="verb">The command, for error messages; empty for the options before it.</param>
/// <param name="arguments">All words.</param>
/// <param name="position">Where to begin.</param>
internal sealed class ArgumentReader(string verb, string[] arguments, int position)
{
    private string _name = "";
    private string? _value;

    /// <summary>Goes to the next option; false where the options end.</summary>
    /// <param name="name">Its name without dashes.</param>
    public bool Next(out string name)
    {
        name = "";
        if (_value is not null) throw Error($"the option --{_name} takes no value");
        if (position >= arguments.Length) return false;
        string word = arguments[position];
        // A dash alone is a word: it stands for standard input.
        if (word.Length < 2 || word[0] != '-') return false;
        position++;
        if (word == "--") return false;
        string body = word.StartsWith("--", StringComparison.Ordinal) ? word[2..] : word[1..];
        int equals = body.IndexOf('=', StringComparison.Ordinal);
        _name = name = equals < 0 ? body : body[..equals];
        _value = equals < 0 ? null : body[(equals + 1)..];
        return true;
    }

    /// <summary>The value of the option.</summary>
    public string Text()
    {
        if (_value is { } inline)
        {
            _value = null;
            return inline;
        }

        return position < arguments.Length ? arguments[position++] : throw Error($"the option --{_name} needs a value");
    }

    /// <summary>The option as a switch: on, unless it says <c>=false</c>.</summary>
    public bool Flag()
    {
        string? inline = _value;
        _value = null;
        return inline switch
        {
            null or "true" or "1" => true,
            "false" or "0" => false,
            _ => throw Error($"the option --{_name} is on or off, not '{inline}'"),
        };
    }

    /// <summary>The value of the option as a whole number that is not negative.</summary>
    public int Number()
    {
        string text = Text();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Error($"the option --{_name} needs a number, not '{text}'");
    }

    /// <summary>Takes the options that every command has, and refuses all others.</summary>
    /// <returns>True when the usage was asked for and shown.</returns>
    public bool Other(string usage)
    {
        if (_name is not ("help" or "h")) throw Error($"there is no option --{_name}");
        Output.Write($"usage: ctrun {usage}\n");
        return true;
    }

    /// <summary>All words after the options.</summary>
    public string[] Rest() => arguments[position..];

    /// <summary>The one word after the options.</summary>
    /// <param name="what">What it is, for the error message.</param>
    public string Single(string what)
    {
        string[] rest = Rest();
        return rest.Length switch
        {
            1 => rest[0],
            0 => throw Error($"{what} is missing"),
            _ => throw Error($"'{rest[1]}' is one word too many"),
        };
    }

    /// <summary>Refuses words after the options.</summary>
    public void None()
    {
        if (Rest() is [var word, ..]) throw Error($"'{word}' is one word too many");
    }

    /// <summary>A mistake in the command line.</summary>
    public ContainerException Error(string what)
        => new(ErrorCode.InvalidArgument, verb.Length == 0 ? $"{what}; see 'ctrun help'" : $"{verb}: {what}; see 'ctrun {verb} --help'", _name);
}
