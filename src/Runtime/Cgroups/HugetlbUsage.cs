namespace ContainerTools.Runtime.Cgroups;

/// <summary>Huge pages of one size. In bytes.</summary>
/// <param name="Size">The size, as the files' names have it: <c>2MB</c>.</param>
/// <param name="Usage">In use.</param>
/// <param name="Peak">The most that was in use at once; v1 only.</param>
/// <param name="Failures">How often the limit was hit.</param>
internal sealed record HugetlbUsage(string Size, long Usage, long? Peak, long? Failures)
{
    private static readonly (string Usage, string Peak)[] s_versions = [(".usage_in_bytes", ".max_usage_in_bytes"), (".current", "")];

    /// <summary>Reads them, by size.</summary>
    public static IReadOnlyList<HugetlbUsage> Read(IReadOnlyList<CgroupFolder> folders)
    {
        List<HugetlbUsage> all = [];
        foreach (CgroupFolder folder in folders)
        {
            if (!Directory.Exists(folder.Path)) continue;
            foreach ((string usageSuffix, string peakSuffix) in s_versions)
            {
                foreach (string file in Directory.EnumerateFiles(folder.Path, "hugetlb.*" + usageSuffix))
                {
                    string size = Path.GetFileName(file)["hugetlb.".Length..^usageSuffix.Length];
                    // Reservations, of files such as hugetlb.2MB.rsvd.current, are counted in the size itself.
                    if (size.Contains('.', StringComparison.Ordinal)) continue;
                    string prefix = "hugetlb." + size;
                    if (folder.ReadNumber(prefix + usageSuffix) is not { } usage) continue;
                    long? peak = peakSuffix.Length > 0 ? folder.ReadNumber(prefix + peakSuffix) : null;
                    all.Add(new HugetlbUsage(size, usage, peak, folder.ReadNumber(prefix + ".failcnt") ?? folder.ReadKey(prefix + ".events", "max"u8)));
                }
            }
        }

        return [.. all.OrderBy(item => item.Size, StringComparer.Ordinal)];
    }
}
