using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>
/// One controller of one hierarchy version: turns its part of <see cref="OciResources"/> into writes to the files of a folder, and those files
/// into what a user sees. Controllers hold no state; one instance serves all containers.
/// </summary>
internal abstract class CgroupController
{
    /// <summary>The kernel's name of it, as in cgroup.controllers or /proc/cgroups.</summary>
    public abstract string Name { get; }

    /// <summary>Whether there is anything for it to set.</summary>
    public abstract bool Concerns(OciResources resources);

    /// <summary>Sets what is not null.</summary>
    public abstract void Apply(CgroupFolder folder, OciResources resources);

    /// <summary>Adds what this controller knows of the limits in force.</summary>
    public virtual void Read(CgroupFolder folder, LimitReading reading)
    {
    }
}
