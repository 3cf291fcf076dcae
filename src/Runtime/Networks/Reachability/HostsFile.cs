using System.Net;
using System.Text;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>A container's hosts(5).</summary>
internal static class HostsFile
{
    /// <summary>The addresses of a name, in the file's order.</summary>
    public static IReadOnlyList<IPAddress> Find(ReadOnlySpan<byte> file, string name)
    {
        List<IPAddress> found = [];
        foreach (string line in Encoding.UTF8.GetString(file).Split('\n'))
        {
            int comment = line.IndexOf('#', StringComparison.Ordinal);
            string[] words = (comment < 0 ? line : line[..comment]).Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !words.Skip(1).Contains(name, StringComparer.OrdinalIgnoreCase) || !AddressText.TryParse(words[0], out IPAddress? address)) continue;
            if (!found.Contains(address)) found.Add(address);
        }

        return found;
    }
}
