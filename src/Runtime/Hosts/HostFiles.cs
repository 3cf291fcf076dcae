namespace ContainerTools.Runtime.Hosts;

/// <summary>The kernel's own files, below a root that tests choose.</summary>
/// <param name="root">The folder in which proc and sys are; empty for the machine itself.</param>
internal sealed class HostFiles(string root = "")
{
    /// <summary>Whether a file or folder is there.</summary>
    public bool Exists(string path) => Path.Exists(root + path);

    /// <summary>A file's text without the line end; null where it is not there or may not be read.</summary>
    public string? Text(string path)
    {
        try
        {
            return File.ReadAllText(root + path).TrimEnd();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Some of these files are there and still cannot be read, for example those of a security module that is off.
            return null;
        }
    }

    /// <summary>The value after <c>key:</c> in a file of such lines; null where there is none.</summary>
    public string? Value(string path, string key)
    {
        foreach (string line in (Text(path) ?? "").Split('\n'))
        {
            if (line.StartsWith(key, StringComparison.Ordinal) && line.Length > key.Length && line[key.Length] == ':') return line[(key.Length + 1)..].Trim();
        }

        return null;
    }
}
