using System.Formats.Tar;
using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>
/// The root file system of a Debian, out of the packages that the machine itself has: the essential ones first, until there are 10,000 files and
/// 200 MB of them. So real programs, libraries and documents are measured, and nothing has to be fetched.
/// </summary>
internal static class DebianRoot
{
    private const int LeastFiles = 10000;
    private const long LeastBytes = 200L << 20;

    // In a merged /usr the packages still name the old places.
    private static readonly string[] s_merged = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

    /// <summary>Writes it as the layers of an image.</summary>
    /// <param name="context">What the bench was called with.</param>
    /// <param name="layers">Into how many layers.</param>
    /// <returns>The layers' tar files, the lowest first, and how many files are in them; null where the machine is no Debian.</returns>
    public static (IReadOnlyList<string> Layers, int Files)? TryWrite(BenchContext context, int layers)
    {
        if (Tool.Find("dpkg-query") is not { } dpkg) return null;
        (List<string> paths, int files, long bytes) = Collect(context, dpkg);
        List<string> tars = [];
        long share = bytes / layers, written = 0;
        int next = 0;
        for (int i = 0; i < layers; i++)
        {
            string tar = context.Workspace.NewFile("debian-layer.tar");
            using TarWriter writer = new(File.Create(tar), TarEntryFormat.Pax);
            bool last = i == layers - 1;
            // As even as it gets: every layer has files, and none has much more than its share.
            for (int first = next; next < paths.Count && (last || next == first || written < share * (i + 1)); next++)
            {
                writer.WriteEntry("/" + paths[next], paths[next]);
                written += Size(paths[next]);
            }

            tars.Add(tar);
        }

        return (tars, files);
    }

    private static (List<string> Paths, int Files, long Bytes) Collect(BenchContext context, Tool dpkg)
    {
        string[] merged = [.. s_merged.Where(name => new FileInfo("/" + name).LinkTarget is not null)];
        List<string> paths = [.. merged];
        HashSet<string> seen = [.. paths];
        int files = 0;
        long bytes = 0;
        foreach (string package in Packages(context, dpkg))
        {
            foreach (string line in new Command(context.Workspace, null, dpkg.Path, "-L", package).Read().Split('\n'))
            {
                string path = line.Trim('/');
                // What dpkg says about diversions is not a path; documents may have been left out at the installation.
                if (!line.StartsWith('/') || path is "" or ".") continue;
                if (merged.FirstOrDefault(name => path.StartsWith(name + "/", StringComparison.Ordinal)) is not null) path = "usr/" + path;
                FileInfo entry = new("/" + path);
                bool isFolder = Directory.Exists("/" + path) && entry.LinkTarget is null;
                if ((!isFolder && !entry.Exists && entry.LinkTarget is null) || !seen.Add(path)) continue;
                paths.Add(path);
                if (isFolder) continue;
                files++;
                bytes += Size(path);
                if (files >= LeastFiles && bytes >= LeastBytes) return (paths, files, bytes);
            }
        }

        return (paths, files, bytes);
    }

    private static IEnumerable<string> Packages(BenchContext context, Tool dpkg)
    {
        string[] priorities = ["required", "important", "standard", "optional"];
        return new Command(context.Workspace, null, dpkg.Path, "-W", "-f", "${Priority} ${binary:Package}\\n").Read()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Where(words => words.Length == 2 && priorities.Contains(words[0]))
            .OrderBy(words => Array.IndexOf(priorities, words[0])).ThenBy(words => words[1], StringComparer.Ordinal)
            .Select(words => words[1]);
    }

    private static long Size(string path)
    {
        FileInfo file = new("/" + path);
        return file.LinkTarget is null && file.Exists ? file.Length : 0;
    }
}
