namespace ContainerTools.Bench.Subjects;

/// <summary>The smallest root file system with a /bin/true: a static busybox and its links.</summary>
internal static class RootFileSystem
{
    private static readonly string[] s_links = ["sh", "true", "sleep", "cat", "echo"];
    private static readonly string[] s_folders = ["bin", "dev", "etc", "proc", "root", "sys", "tmp"];

    /// <summary>Makes it.</summary>
    public static string Make(string folder)
    {
        Tool busybox = Tool.Find("busybox") ?? throw new BenchException("busybox is not installed (package busybox-static).");
        foreach (string name in s_folders) Directory.CreateDirectory(Path.Combine(folder, name));
        string copy = Path.Combine(folder, "bin", "busybox");
        File.Copy(busybox.Path, copy);
        File.SetUnixFileMode(copy, (UnixFileMode)0x1ed);
        foreach (string name in s_links) File.CreateSymbolicLink(Path.Combine(folder, "bin", name), "busybox");
        File.WriteAllText(Path.Combine(folder, "etc", "passwd"), "root:x:0:0:root:/root:/bin/sh\n");
        File.WriteAllText(Path.Combine(folder, "etc", "group"), "root:x:0:\n");
        return folder;
    }
}
