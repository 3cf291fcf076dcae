using System.Runtime.InteropServices;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch;

/// <summary>All that the start of a further process in a running container depends on.</summary>
internal sealed record ExecRequest
{
    /// <summary>The container's configuration: says which namespaces to join and which filter to load.</summary>
    public required OciSpec Spec { get; init; }
    /// <summary>The process.</summary>
    public required OciProcess Process { get; init; }
    /// <summary>The container's id; empty where it has none.</summary>
    public string Id { get; init; } = "";
    /// <summary>The bundle's folder, for the listener of a system call filter.</summary>
    public string Bundle { get; init; } = "";
    /// <summary>The program, where it is not the first of the process's arguments: a hook's path.</summary>
    public string? Program { get; init; }
    /// <summary>The container's first process on the host.</summary>
    public required int ContainerProcessId { get; init; }
    /// <summary>Its start time (proc_pid_stat(5), field 22): the id alone may have gone to another process by now.</summary>
    public required ulong ContainerStartTime { get; init; }
    /// <summary>The process stays in the caller's session keyring, as the container's first one does.</summary>
    public bool KeepsKeyring { get; init; }
    /// <summary>The container's cgroup; null for none.</summary>
    public ICgroup? Cgroup { get; init; }
    /// <summary>Standard input; null to inherit the caller's. Not used with a terminal.</summary>
    public SafeHandle? StandardInput { get; init; }
    /// <summary>Standard output; null to inherit the caller's.</summary>
    public SafeHandle? StandardOutput { get; init; }
    /// <summary>Standard error; null to inherit the caller's.</summary>
    public SafeHandle? StandardError { get; init; }
    /// <summary>How many descriptors from 3 on the process keeps.</summary>
    public int PreservedDescriptors { get; init; }
    /// <summary>
    /// A step of the plan that is made to fail (with ENOSYS), so that tests see what a failure at any point leaves behind; null in earnest.
    /// </summary>
    public int? BrokenStep { get; init; }
}
