using System.Management.Automation;

namespace ContainerTools.Shell.Hosting;

/// <summary>A line on the terminal, with the keys that fingers look for: arrows, Home, End, history and Tab completion.</summary>
internal sealed class LineEditor : ILineSource
{
    private readonly List<string> _history = [];
    private string _prompt = "";
    private string _text = "";
    private int _cursor;

    public string? ReadLine(string prompt)
    {
        (_prompt, _text, _cursor) = (prompt, "", 0);
        int position = _history.Count;
        Console.TreatControlCAsInput = true;
        try
        {
            Draw();
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                bool isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
                switch (key.Key)
                {
                    case ConsoleKey.Enter:
                        Console.WriteLine();
                        if (_text.Length > 0 && (_history.Count == 0 || _history[^1] != _text))
                            _history.Add(_text);
                        return _text;
                    case ConsoleKey.D when isControl && _text.Length == 0:
                        Console.WriteLine();
                        return null;
                    case ConsoleKey.C when isControl:
                        Console.WriteLine("^C");
                        return "";
                    case ConsoleKey.LeftArrow: _cursor = Math.Max(0, _cursor - 1); break;
                    case ConsoleKey.RightArrow: _cursor = Math.Min(_text.Length, _cursor + 1); break;
                    case ConsoleKey.Home: _cursor = 0; break;
                    case ConsoleKey.End: _cursor = _text.Length; break;
                    case ConsoleKey.A when isControl: _cursor = 0; break;
                    case ConsoleKey.E when isControl: _cursor = _text.Length; break;
                    case ConsoleKey.U when isControl: Replace(0, _cursor, ""); break;
                    case ConsoleKey.Backspace when _cursor > 0: Replace(_cursor - 1, 1, ""); break;
                    case ConsoleKey.Delete when _cursor < _text.Length: Replace(_cursor, 1, ""); break;
                    case ConsoleKey.UpArrow when position > 0: Set(_history[--position]); break;
                    case ConsoleKey.DownArrow when position < _history.Count:
                        position++;
                        Set(position < _history.Count ? _history[position] : "");
                        break;
                    case ConsoleKey.Tab: Complete(); break;
                    default:
                        if (!char.IsControl(key.KeyChar))
                            Replace(_cursor, 0, key.KeyChar.ToString());
                        break;
                }
                Draw();
            }
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private void Set(string text) => (_text, _cursor) = (text, text.Length);

    private void Replace(int start, int length, string text)
    {
        _text = _text.Remove(start, length).Insert(start, text);
        _cursor = start + text.Length;
    }

    private void Draw()
    {
        // The whole line again: return, erase what is right of it, and the cursor back to its place.
        Console.Out.Write("\r" + _prompt + _text + "\x1b[K");
        if (_cursor < _text.Length)
            Console.Out.Write($"\x1b[{_text.Length - _cursor}D");
    }

    /// <summary>One candidate is taken; several are listed, and what they have in common is taken.</summary>
    private void Complete()
    {
        CommandCompletion completion = CommandCompletion.CompleteInput(_text, _cursor, null, System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace));
        if (completion.CompletionMatches.Count == 0)
            return;
        if (completion.CompletionMatches.Count == 1)
        {
            Replace(completion.ReplacementIndex, completion.ReplacementLength, completion.CompletionMatches[0].CompletionText);
            return;
        }
        string common = completion.CompletionMatches[0].CompletionText;
        foreach (CompletionResult match in completion.CompletionMatches)
        {
            int length = 0;
            while (length < Math.Min(common.Length, match.CompletionText.Length) &&
                   char.ToUpperInvariant(common[length]) == char.ToUpperInvariant(match.CompletionText[length]))
                length++;
            common = common[..length];
        }
        Console.WriteLine();
        Console.WriteLine(string.Join("  ", completion.CompletionMatches.Take(100).Select(m => m.ListItemText)));
        if (common.Length > completion.ReplacementLength)
            Replace(completion.ReplacementIndex, completion.ReplacementLength, common);
    }
}
