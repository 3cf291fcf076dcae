namespace ContainerTools.Runtime.Launch;

/// <summary>Which security modules the kernel runs with.</summary>
internal static class SecurityModules
{
    /// <summary>Whether it runs with a module.</summary>
    public static bool Has(string name) => name switch
    {
        "apparmor" => Directory.Exists("/sys/kernel/security/apparmor") || IsEnabled("/sys/module/apparmor/parameters/enabled"),
        "selinux" => Directory.Exists("/sys/fs/selinux"),
        _ => false,
    };

    private static bool IsEnabled(string path) => File.Exists(path) && File.ReadAllText(path).StartsWith('Y');
}
