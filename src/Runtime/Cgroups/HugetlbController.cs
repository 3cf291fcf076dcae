using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>hugetlb: one file per page size, which v1 and v2 name differently (kernel Documentation/admin-guide/cgroup-v1/hugetlb.rst).</summary>
/// <param name="limitName">The last part of the file's name: <c>limit_in_bytes</c> or <c>max</c>.</param>
internal sealed class HugetlbController(string limitName) : CgroupController
{
    /// <inheritdoc/>
    public override string Name => "hugetlb";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.HugepageLimits is { Count: > 0 };

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        foreach (OciHugepageLimit limit in resources.HugepageLimits ?? [])
        {
            string file = $"hugetlb.{limit.PageSize}.{limitName}";
            if (limit.PageSize.Contains('/', StringComparison.Ordinal) || !folder.Has(file))
                throw LimitCheck.Invalid(folder, file, limit.PageSize, $"this kernel has no huge pages of this size, only of {string.Join(", ", Sizes(folder))}");
            long bytes = (long)Math.Min(limit.Limit, long.MaxValue);
            folder.Write(file, bytes);
            // Reserved pages count too, or a process could reserve all and starve others without touching one (Linux 5.7).
            string reserved = $"hugetlb.{limit.PageSize}.rsvd.{limitName}";
            int errno = folder.TryWrite(reserved, bytes);
            if (errno != 0 && errno != Errno.ENOENT) throw folder.Refused(reserved, limit.Limit.ToString(System.Globalization.CultureInfo.InvariantCulture), errno);
        }
    }

    private IEnumerable<string> Sizes(CgroupFolder folder)
        => Directory.EnumerateFiles(folder.Path, "hugetlb.*." + limitName)
            .Select(file => Path.GetFileName(file).Split('.'))
            .Where(parts => parts.Length == 3)
            .Select(parts => parts[1])
            .Order(StringComparer.Ordinal);
}
