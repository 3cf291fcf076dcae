namespace ContainerTools.Module.Completion;

/// <summary>Completes the categories of what a host can do.</summary>
public sealed class HostCategoryCompleter : WordCompleter
{
    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("Kernel", "the kernel itself"),
        ("Namespace", "kinds of namespaces"),
        ("Cgroup", "limits and accounting"),
        ("Storage", "file systems"),
        ("Security", "capabilities, system call filters"),
        ("Network", "links and packet filters"),
        ("Tool", "programs"),
    ];
}
