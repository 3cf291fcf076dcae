using System.Runtime.InteropServices;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch;

/// <summary>All that the start of a container's first process depends on.</summary>
internal sealed record LaunchRequest
{
    /// <summary>The configuration.</summary>
    public required OciSpec Spec { get; init; }
    /// <summary>The bundle's folder: relative paths start here.</summary>
    public required string Bundle { get; init; }
    /// <summary>The container's id, as hooks and the listener of a system call filter are told it.</summary>
    public string Id { get; init; } = "";
    /// <summary>The cgroup, created and with its limits set; null for none.</summary>
    public ICgroup? Cgroup { get; init; }
    /// <summary>The new network namespace, where its making was begun early; the caller's to dispose of.</summary>
    public EarlyNetwork? Network { get; init; }
    /// <summary>Standard input; null to inherit the caller's. Not used with a terminal.</summary>
    public SafeHandle? StandardInput { get; init; }
    /// <summary>Standard output; null to inherit the caller's.</summary>
    public SafeHandle? StandardOutput { get; init; }
    /// <summary>Standard error; null to inherit the caller's.</summary>
    public SafeHandle? StandardError { get; init; }
    /// <summary>
    /// The folder of the start gate (<c>ctrun create</c>): the first process stops before execve until <c>ctrun start</c>
    /// opens the gate. Null executes at once.
    /// </summary>
    public string? GateFolder { get; init; }
    /// <summary>How many descriptors from 3 on the process keeps (<c>--preserve-fds</c>).</summary>
    public int PreservedDescriptors { get; init; }
    /// <summary>The process is killed when the thread that launched it ends (PR_SET_PDEATHSIG).</summary>
    public bool DieWithParent { get; init; }
    /// <summary>The root is moved onto "/" and entered by chroot(2) instead of pivot_root(2): for a host whose own root is a ramfs.</summary>
    public bool MovesRoot { get; init; }
    /// <summary>The process stays in the caller's session keyring.</summary>
    public bool KeepsKeyring { get; init; }
    /// <summary>
    /// Is called with the process's id when it has a user namespace of its own with its id maps, and with it all other new namespaces, and waits: what these own is
    /// made from outside. Null for nothing.
    /// </summary>
    public Action<int>? OnNamespaces { get; init; }
    /// <summary>
    /// Is called with the process's id and start time while the process walks its plan: for what can be done meanwhile. What it throws ends the process. Null for nothing.
    /// </summary>
    public Action<int, ulong>? Meanwhile { get; init; }
    /// <summary>
    /// A step of the plan that is made to fail (with ENOSYS), so that tests see what a failure at any point leaves behind; null in earnest.
    /// </summary>
    public int? BrokenStep { get; init; }
}
