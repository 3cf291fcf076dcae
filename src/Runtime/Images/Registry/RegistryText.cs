using System.Text;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What others wrote, made fit for a message of ours.</summary>
internal static class RegistryText
{
    private const int Longest = 300;

    /// <summary>One line, without control characters (a terminal would obey them), of bearable length.</summary>
    public static string Clean(string text)
    {
        StringBuilder clean = new();
        foreach (char c in text)
        {
            if (clean.Length == Longest)
            {
                clean.Append('…');
                break;
            }

            if (char.IsControl(c) || char.IsSurrogate(c) || char.IsWhiteSpace(c))
            {
                if (clean.Length > 0 && clean[^1] != ' ') clean.Append(' ');
            }
            else
            {
                clean.Append(c);
            }
        }

        return clean.ToString().TrimEnd();
    }
}
