namespace ContainerTools.Runtime.Cgroups;

/// <summary>Stops and lets go all processes of a cgroup.</summary>
internal interface ICgroupFreezer
{
    /// <summary>Freezes and returns when the kernel says that all are frozen; if they do not freeze, lets them go on and throws.</summary>
    void Freeze(CgroupFolder folder);

    /// <summary>Lets them go on; no error when they are not frozen or the cgroup is gone.</summary>
    void Thaw(CgroupFolder folder);

    /// <summary>Whether they are frozen.</summary>
    bool IsFrozen(CgroupFolder folder);
}
