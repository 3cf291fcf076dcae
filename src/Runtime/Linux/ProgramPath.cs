namespace ContainerTools.Runtime.Linux;

/// <summary>Finds programs of the host.</summary>
internal static class ProgramPath
{
    /// <summary>The path of a program on PATH, or in the folders of system programs, which users have not always on it; null where it is not installed.</summary>
    public static string? Find(string name)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string folder in (string[])[.. path.Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin"])
        {
            string candidate = Path.Combine(folder, name);
            if (File.Exists(candidate)) return candidate;
        }

        return null;
    }
}
