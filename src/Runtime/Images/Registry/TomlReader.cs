using System.Globalization;
using System.Text;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// Reads TOML 1.0 as far as the configuration of registries uses it: tables, arrays of tables, dotted and quoted keys, strings of all four kinds,
/// integers, booleans, arrays and inline tables. Dates and fractions, which it has no use for, are kept as the text they are.
/// </summary>
internal sealed class TomlReader
{
    private const int MaximumDepth = 32;

    private readonly string _text;
    private readonly string _path;
    private int _position;
    private int _depth;

    private TomlReader(string text, string path)
    {
        _text = text;
        _path = path;
    }

    /// <summary>Reads a document: strings, longs, booleans, <c>List&lt;object&gt;</c> and <c>Dictionary&lt;string, object&gt;</c>.</summary>
    /// <param name="text">The document.</param>
    /// <param name="path">Where it is from, for messages.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>, with the line.</exception>
    public static Dictionary<string, object> Read(string text, string path) => new TomlReader(text.Replace("\r\n", "\n", StringComparison.Ordinal), path).Document();

    private Dictionary<string, object> Document()
    {
        Dictionary<string, object> root = [];
        Dictionary<string, object> table = root;
        while (true)
        {
            SkipBlank(lines: true);
            if (End) return root;
            if (Peek != '[')
            {
                Assign(table);
            }
            else
            {
                bool array = _position + 1 < _text.Length && _text[_position + 1] == '[';
                _position += array ? 2 : 1;
                List<string> key = Key();
                Expect(']');
                if (array) Expect(']');
                table = Open(root, key, array);
            }

            SkipBlank(lines: false);
            if (!End && Peek != '\n') throw Error("something follows where the line should end");
        }
    }

    private bool End => _position >= _text.Length;

    private char Peek => _text[_position];

    private void Assign(Dictionary<string, object> table)
    {
        List<string> key = Key();
        Expect('=');
        SkipBlank(lines: false);
        object value = Value();
        Dictionary<string, object> owner = Walk(table, key, key.Count - 1);
        if (!owner.TryAdd(key[^1], value)) throw Error($"'{key[^1]}' is there twice");
    }

    private Dictionary<string, object> Open(Dictionary<string, object> root, List<string> key, bool array)
    {
        Dictionary<string, object> owner = Walk(root, key, key.Count - 1);
        if (!array) return Walk(owner, [key[^1]], 1);
        Dictionary<string, object> table = [];
        if (!owner.TryGetValue(key[^1], out object? list)) owner[key[^1]] = list = new List<object>();
        if (list is not List<object> tables) throw Error($"'{key[^1]}' is no array of tables");
        tables.Add(table);
        return table;
    }

    private Dictionary<string, object> Walk(Dictionary<string, object> table, List<string> key, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (!table.TryGetValue(key[i], out object? inner)) table[key[i]] = inner = new Dictionary<string, object>();
            // A table below an array of tables belongs to the last of them.
            if (inner is List<object> { Count: > 0 } list) inner = list[^1];
            table = inner as Dictionary<string, object> ?? throw Error($"'{key[i]}' is no table");
        }

        return table;
    }

    private List<string> Key()
    {
        List<string> parts = [];
        while (true)
        {
            SkipBlank(lines: false);
            if (End) throw Error("a key is missing");
            if (Peek is '"' or '\'')
            {
                parts.Add(Text());
            }
            else
            {
                int start = _position;
                while (!End && (char.IsAsciiLetterOrDigit(Peek) || Peek is '_' or '-')) _position++;
                if (start == _position) throw Error("a key is missing");
                parts.Add(_text[start.._position]);
            }

            SkipBlank(lines: false);
            if (End || Peek != '.') return parts;
            _position++;
        }
    }

    private object Value()
    {
        if (End) throw Error("a value is missing");
        if (++_depth > MaximumDepth) throw Error("values lie too deep in each other");
        object value = Peek switch
        {
            '"' or '\'' => Text(),
            '[' => Array(),
            '{' => InlineTable(),
            _ => Word(),
        };
        _depth--;
        return value;
    }

    private object Word()
    {
        int start = _position;
        while (!End && (char.IsAsciiLetterOrDigit(Peek) || Peek is '_' or '-' or '+' or '.' or ':')) _position++;
        string word = _text[start.._position];
        if (word.Length == 0) throw Error("a value is missing");
        if (word is "true" or "false") return word == "true";
        if (long.TryParse(word.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) return number;
        return char.IsAsciiDigit(word[0]) || word[0] is '+' or '-' ? word : throw Error($"'{word}' is no value; strings stand in quotes");
    }

    private List<object> Array()
    {
        List<object> items = [];
        _position++;
        while (true)
        {
            SkipBlank(lines: true);
            if (End) throw Error("an array is not closed");
            if (Peek == ']') break;
            items.Add(Value());
            SkipBlank(lines: true);
            if (End || Peek is not (',' or ']')) throw Error("an array wants a comma or its end");
            if (Peek == ',') _position++;
        }

        _position++;
        return items;
    }

    private Dictionary<string, object> InlineTable()
    {
        Dictionary<string, object> table = [];
        _position++;
        while (true)
        {
            SkipBlank(lines: false);
            if (End) throw Error("a table is not closed");
            if (Peek == '}') break;
            Assign(table);
            SkipBlank(lines: false);
            if (End || Peek is not (',' or '}')) throw Error("a table wants a comma or its end");
            if (Peek == ',') _position++;
        }

        _position++;
        return table;
    }

    private string Text()
    {
        char quote = Peek;
        bool literal = quote == '\'';
        string fence = new(quote, 3);
        bool multiline = string.CompareOrdinal(_text, _position, fence, 0, 3) == 0;
        _position += multiline ? 3 : 1;
        if (multiline && !End && Peek == '\n') _position++;
        StringBuilder text = new();
        while (true)
        {
            if (End || (!multiline && Peek == '\n')) throw Error("a string is not closed");
            if (multiline ? string.CompareOrdinal(_text, _position, fence, 0, 3) == 0 : Peek == quote)
            {
                _position += multiline ? 3 : 1;
                return text.ToString();
            }

            char next = _text[_position++];
            if (next == '\\' && !literal) Escape(text, multiline);
            else text.Append(next);
        }
    }

    private void Escape(StringBuilder text, bool multiline)
    {
        if (End) throw Error("a string is not closed");
        char kind = _text[_position++];
        if (multiline && kind is '\n' or ' ' or '\t')
        {
            while (!End && char.IsWhiteSpace(Peek)) _position++;
            return;
        }

        if (kind is 'u' or 'U')
        {
            int length = kind == 'u' ? 4 : 8;
            if (_position + length > _text.Length
                || !int.TryParse(_text.AsSpan(_position, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
                || !Rune.IsValid(code))
            {
                throw Error("an escaped character is not valid");
            }

            _position += length;
            text.Append(new Rune(code).ToString());
            return;
        }

        text.Append(kind switch
        {
            'b' => '\b',
            't' => '\t',
            'n' => '\n',
            'f' => '\f',
            'r' => '\r',
            '"' => '"',
            '\\' => '\\',
            _ => throw Error($"'\\{kind}' means nothing"),
        });
    }

    private void Expect(char wanted)
    {
        SkipBlank(lines: false);
        if (End || Peek != wanted) throw Error($"'{wanted}' is missing");
        _position++;
    }

    private void SkipBlank(bool lines)
    {
        while (!End)
        {
            if (Peek == '#')
            {
                while (!End && Peek != '\n') _position++;
            }
            else if (Peek is ' ' or '\t' || (lines && Peek is '\n' or '\r'))
            {
                _position++;
            }
            else
            {
                return;
            }
        }
    }

    private ContainerException Error(string what)
    {
        int line = 1 + _text.AsSpan(0, Math.Min(_position, _text.Length)).Count('\n');
        return new ContainerException(
            ErrorCode.InvalidConfiguration, string.Create(CultureInfo.InvariantCulture, $"{_path}, line {line}, is not valid TOML: {what}."), _path);
    }
}
