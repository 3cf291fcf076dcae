using System.Text;

namespace ContainerTools.Ctrun;

/// <summary>Text in columns, each as wide as its widest cell.</summary>
/// <param name="header">The columns' names.</param>
internal sealed class TextTable(params string[] header)
{
    private readonly List<string[]> _rows = [header];

    /// <summary>Adds a row, with as many cells as there are columns.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <inheritdoc/>
    public override string ToString()
    {
        int[] widths = new int[header.Length];
        foreach (string[] row in _rows)
        {
            for (int column = 0; column < row.Length; column++) widths[column] = Math.Max(widths[column], row[column].Length);
        }

        StringBuilder text = new();
        foreach (string[] row in _rows)
        {
            for (int column = 0; column < row.Length; column++)
            {
                text.Append(column == row.Length - 1 ? row[column] : row[column].PadRight(widths[column] + 2));
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
