using System.Text;

namespace ContainerTools.Runtime.Launch;

/// <summary>Finds mounts of proc and sysfs (proc_pid_mountinfo(5)).</summary>
internal static class KernelFileSystems
{
    /// <summary>Where they are mounted as a whole, the last one first.</summary>
    /// <param name="lines">The lines of mountinfo.</param>
    public static IReadOnlyList<string> FindWhole(IEnumerable<string> lines)
    {
        List<string> found = [];
        foreach (string line in lines)
        {
            // 36 35 98:0 /root /mount/point options optional… - type source options
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
            if (separator < 0 || separator + 1 >= fields.Length) continue;
            if (fields[3] == "/" && fields[separator + 1] is "proc" or "sysfs") found.Insert(0, Unescape(fields[4]));
        }

        return found;
    }

    /// <summary>Blanks and the like are three octal digits behind a backslash.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        StringBuilder path = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                path.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                path.Append(text[i]);
            }
        }

        return path.ToString();
    }
}
