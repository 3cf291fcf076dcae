using System.Text;

namespace ContainerTools.Shell.Objects;

/// <summary>A writer that hands on every line as it is finished.</summary>
internal sealed class LineWriter(Action<string> onLine) : TextWriter
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        if (value == '\n')
            WriteLine("");
        else if (value != '\r')
            _line.Append(value);
    }

    public override void WriteLine(string? value)
    {
        string line = _line + value;
        _line.Clear();
        foreach (string part in line.Split('\n'))
            onLine(part);
    }
}
