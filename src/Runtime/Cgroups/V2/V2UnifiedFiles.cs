using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V2;

/// <summary>The specification's <c>unified</c>: v2 files and values, written as they are.</summary>
internal static class V2UnifiedFiles
{
    /// <summary>Writes them in the order of the document.</summary>
    /// <param name="folder">The cgroup.</param>
    /// <param name="resources">The document.</param>
    /// <param name="need">Called with the controller of each file, to hand it down.</param>
    public static void Apply(CgroupFolder folder, OciResources resources, Action<string> need)
    {
        if (resources.Unified is not { } unified) return;
        foreach ((string file, string value) in unified)
        {
            int dot = file.IndexOf('.', StringComparison.Ordinal);
            if (dot <= 0 || file.Contains('/', StringComparison.Ordinal))
            {
                throw new ContainerException(
                    ErrorCode.LimitInvalid, $"'{file}' in linux.resources.unified is not the name of a cgroup file, such as memory.high.", file);
            }

            string controller = file[..dot];
            if (controller != "cgroup") need(controller);
            folder.Write(file, value);
        }
    }
}
