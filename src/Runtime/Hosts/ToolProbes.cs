namespace ContainerTools.Runtime.Hosts;

/// <summary>The programs that the engine starts.</summary>
internal static class ToolProbes
{
    private const string Category = "Tool";

    /// <summary>Asks.</summary>
    public static IEnumerable<HostCapability> Run(HostContext context)
    {
        yield return JudgeCtrun();
        yield return context.FindProgram("nft") is { } nft
            ? HostContext.Available(Category, "nft", $"{nft} is there, for published ports and address translation.")
            : HostContext.Missing(Category, "nft", "nft is neither on PATH nor in /usr/sbin or /sbin; it is needed for published ports and address translation.", "Install it: apt-get install nftables.");
    }

    private static HostCapability JudgeCtrun()
    {
        try
        {
            return HostContext.Available(Category, "ctrun", $"{EngineTools.Ctrun()} is there.", required: true);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ToolMissing)
        {
            return HostContext.Missing(Category, "ctrun", error.Message, "Build the package, or set CONTAINERTOOLS_CTRUN.", required: true);
        }
    }
}
