using ContainerTools.Bench.Processes;

namespace ContainerTools.Bench.Subjects;

/// <summary>A program that is measured, or that helps to measure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its path.</param>
internal sealed record Tool(string Name, string Path)
{
    /// <summary>Finds it on PATH or in the folders of system programs; null where it is not installed.</summary>
    public static Tool? Find(string name)
    {
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/libexec/podman", "/usr/lib/podman"]);
        string? path = folders.Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return path is null ? null : new Tool(name, path);
    }

    /// <summary>The first line of what <c>--version</c> says.</summary>
    public string Version(Workspace workspace)
    {
        try
        {
            string text = new Command(workspace, null, Path, "--version").Read().Trim();
            return text.Length == 0 ? "of unknown version" : text.Split('\n')[0];
        }
        catch (BenchException)
        {
            return "of unknown version"; // An old tool without the option: no reason not to measure it.
        }
    }
}
