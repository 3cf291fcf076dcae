namespace ContainerTools.Runtime;

/// <summary>Where the engine finds its helper programs.</summary>
public static class EngineTools
{
    /// <summary>
    /// Path of ctrun: CONTAINERTOOLS_CTRUN where set, else <c>bin/linux-&lt;architecture&gt;/ctrun</c> beside the engine's assembly or
    /// in a folder above it.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ToolMissing"/> when it is not there.</exception>
    public static string Ctrun()
    {
        if (Environment.GetEnvironmentVariable("CONTAINERTOOLS_CTRUN") is { Length: > 0 } given)
        {
            return File.Exists(given)
                ? given
                : throw new ContainerException(ErrorCode.ToolMissing, $"CONTAINERTOOLS_CTRUN names {given}, which does not exist.", given);
        }

        string architecture = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string relative = Path.Combine("bin", $"linux-{architecture}", "ctrun");
        // In the packaged module the engine's assemblies are in lib/, beside bin/; AppContext.BaseDirectory is that of the shell.
        for (string? folder = EngineFolder; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string candidate = Path.Combine(folder, relative);
            if (File.Exists(candidate)) return candidate;
        }

        throw new ContainerException(
            ErrorCode.ToolMissing, "The native runtime 'ctrun' is not installed beside the module; build the package or set CONTAINERTOOLS_CTRUN.", "ctrun");
    }

    /// <summary>The folder to start looking in; the module sets it, because an AOT-compatible assembly cannot ask for its own path.</summary>
    public static string EngineFolder { get; set; } = AppContext.BaseDirectory;
}
