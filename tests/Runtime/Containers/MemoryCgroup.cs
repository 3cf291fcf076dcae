using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Tests.Containers;

/// <summary>A cgroup that only remembers what it was told.</summary>
internal sealed class MemoryCgroup(string path) : ICgroup
{
    public string Path { get; } = path;
    public IReadOnlyList<CgroupView> Views => [];
    public ulong? Identity => null;

    public bool Exists { get; set; }
    public bool IsFrozen { get; private set; }
    public bool Killed { get; private set; }
    public List<OciResources> Applied { get; } = [];
    public Exception? OnFreeze { get; set; }
    public Action? OnApply { get; set; }
    public ContainerLimit Limit { get; set; } = new();
    public long? MemoryUsage => null;
    public long OomKillCount => 0;

    public void Create() => Exists = true;

    public void Apply(OciResources resources)
    {
        Applied.Add(resources);
        OnApply?.Invoke();
    }

    public CgroupEntry OpenEntry() => new();
    public void Attach(int processId) => throw new NotSupportedException();

    public void Freeze()
    {
        if (OnFreeze is not null) throw OnFreeze;
        IsFrozen = true;
    }

    public void Thaw() => IsFrozen = false;
    public IReadOnlyList<int> Processes() => [];
    public void Kill() => Killed = true;
    public void Delete() => Exists = false;
    public ContainerLimit ReadLimit() => Limit;
}
