using Xunit;

namespace ContainerTools.Runtime.Tests.Launch;

/// <summary>
/// Plans as they are printed. After a wanted change, run the tests with CONTAINERTOOLS_UPDATE_GOLDEN=1 and read the difference before it is committed.
/// </summary>
internal static class GoldenPlan
{
    public static string Folder
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "ContainerTools.sln"))) folder = Path.GetDirectoryName(folder);
            return Path.Combine(folder ?? throw new DirectoryNotFoundException("The tests do not run inside the source tree."), "tests", "Runtime", "Launch", "Golden");
        }
    }

    public static void Check(string name, string actual)
    {
        string path = Path.Combine(Folder, name + ".plan.txt");
        if (Environment.GetEnvironmentVariable("CONTAINERTOOLS_UPDATE_GOLDEN") == "1") File.WriteAllText(path, actual);
        // The bounding set that is dropped depends on how many capabilities the kernel knows.
        Assert.Equal(WithoutBounding(File.ReadAllText(path)), WithoutBounding(actual));
    }

    private static string WithoutBounding(string plan)
        => string.Join('\n', plan.Split('\n').Where(static line => !line.Contains("PR_CAPBSET_DROP", StringComparison.Ordinal)).Select(static line => line.Length > 6 && line[..4].Trim().All(char.IsDigit) ? line[4..] : line));
}
