namespace ContainerTools.Runtime.Tests.Fuzz;

/// <summary>What fuzzing starts from: small files that other programs have written, and documents of every kind, in <c>tests/Runtime/Corpus</c>.</summary>
internal static class Corpus
{
    private static readonly string s_folder = Find();

    /// <summary>The files of a folder of the corpus, in the order of their names.</summary>
    public static byte[][] Files(string folder)
        => [.. Directory.GetFiles(Path.Combine(s_folder, folder)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    /// <summary>One file.</summary>
    public static byte[] Document(string name) => File.ReadAllBytes(Path.Combine(s_folder, name));

    /// <summary>The lines of a file.</summary>
    public static byte[][] Lines(string name) => [.. File.ReadAllLines(Path.Combine(s_folder, name)).Select(System.Text.Encoding.UTF8.GetBytes)];

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "ContainerTools.sln"))) folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder ?? throw new DirectoryNotFoundException("The tests do not run inside the source tree."), "tests", "Runtime", "Corpus");
    }
}
