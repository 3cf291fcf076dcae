using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>Chooses a run's cgroup by its configuration.</summary>
internal static class RunCgroup
{
    /// <summary>The cgroup's path below each hierarchy's root: the configuration's cgroupsPath, else the id, for root at the root. A relative one starts at the root too.</summary>
    public static string PathOf(OciSpec spec, string id)
    {
        string? path = spec.Linux?.CgroupsPath;
        if (string.IsNullOrEmpty(path))
        {
            // Without privileges the root is out of reach; what may be delegated is where this process is. Beside it, not in it: on v2 only leaves hold processes.
            CgroupHost host = CgroupHost.Current;
            return Libc.IsRootless && host.IsV2Alone ? Path.Combine(Path.GetDirectoryName(host.OwnPath) ?? "/", id) : "/" + id;
        }

        return path.StartsWith('/') ? path : "/" + path;
    }

    /// <summary>
    /// In which hierarchies it is to be: everywhere if the container can look at the hierarchies, for where it had no cgroup of its own
    /// it would see those of others; else only where something is counted or limited.
    /// </summary>
    public static CgroupScope ScopeOf(OciSpec spec)
    {
        bool ownMounts = false;
        foreach (OciNamespace item in spec.Linux?.Namespaces ?? []) ownMounts |= item.Type == "mount";
        if (!ownMounts) return CgroupScope.Full;
        foreach (OciMount mount in spec.Mounts ?? [])
        {
            if (mount.Type is "cgroup" or "cgroup2" || mount.Source?.StartsWith("/sys", StringComparison.Ordinal) == true) return CgroupScope.Full;
        }

        foreach (string capability in spec.Process?.Capabilities?.Bounding ?? [])
        {
            if (capability == "CAP_SYS_ADMIN") return CgroupScope.Full;
        }

        return CgroupScope.Lean;
    }

    /// <summary>Makes the cgroup of a new run and sets its limits.</summary>
    /// <exception cref="ContainerException">Also where others' processes are in it. Nothing is left behind then.</exception>
    public static ICgroup Create(OciSpec spec, string id) => Make(OpenFree(spec, id), spec);

    /// <summary>The cgroup of a run that is to be made; nothing is made yet.</summary>
    /// <exception cref="ContainerException">Others' processes are in it, or its path is a unit of systemd's.</exception>
    public static ICgroup OpenFree(OciSpec spec, string id)
    {
        if (spec.Linux?.CgroupsPath is { } asked && NamesUnit(asked))
        {
            throw new ContainerException(
                ErrorCode.InvalidConfiguration,
                $"linux.cgroupsPath '{asked}' names a unit of systemd (slice:prefix:name), which needs --systemd-cgroup; without it give a path.", asked);
        }

        ICgroup cgroup = CgroupHost.Current.Open(PathOf(spec, id), ScopeOf(spec));
        if (cgroup.Exists && cgroup.Processes() is { Count: > 0 } processes)
        {
            throw new ContainerException(
                ErrorCode.InvalidConfiguration, $"The cgroup {cgroup.Path} holds {processes.Count} processes already; give the container a cgroup of its own (linux.cgroupsPath).", cgroup.Path);
        }

        return cgroup;
    }

    /// <summary>The cgroup that systemd has made for a run, with its placeholder inside.</summary>
    public static ICgroup Open(OciSpec spec, SystemdScope scope) => CgroupHost.Current.Open(scope.Path, ScopeOf(spec));

    /// <summary>An engine that is set to systemd's driver writes this; taken as a path it would be a strange folder at the root.</summary>
    private static bool NamesUnit(string path)
        => !path.Contains('/', StringComparison.Ordinal) && path.Split(':') is [var slice, _, _] && slice.EndsWith(".slice", StringComparison.Ordinal);

    /// <summary>
    /// As <see cref="Make"/>; null, with nothing left, where a user without privileges may make none and the configuration limits nothing: then it goes without, as with the other runtimes.
    /// </summary>
    public static ICgroup? MakeIfAllowed(ICgroup cgroup, OciSpec spec)
    {
        if (!Libc.IsRootless) return Make(cgroup, spec);
        try
        {
            cgroup.Create();
        }
        catch (KernelException error) when (error.Errno == Errno.EACCES || error.Errno == Errno.EPERM || error.Errno == Errno.EROFS)
        {
            if (HasLimits(spec))
            {
                throw new ContainerException(
                    ErrorCode.NotSupported, $"The limits of the configuration need the cgroup {cgroup.Path}, which this user may not make; have it delegated, or leave linux.resources out.", cgroup.Path, error);
            }

            return null;
        }

        // Rules for devices take more than a delegated cgroup; whoever has no privileges cannot make devices either.
        if (spec.Linux?.Resources is { } limits) cgroup.Apply(limits with { Devices = null });
        return cgroup;
    }

    /// <summary>Refuses a configuration that limits something where there is to be no cgroup.</summary>
    public static void CheckNeedsNone(OciSpec spec)
    {
        if (HasLimits(spec))
            throw new ContainerException(ErrorCode.InvalidConfiguration, "The limits of the configuration need a cgroup, and there is to be none; leave linux.resources out.", "linux.resources");
    }

    private static bool HasLimits(OciSpec spec) => spec.Linux?.Resources is { } resources && resources with { Devices = null } != new OciResources();

    /// <summary>Makes what is missing of a run's cgroup, and sets its limits. Nothing is left behind when that fails.</summary>
    public static ICgroup Make(ICgroup cgroup, OciSpec spec)
    {
        try
        {
            cgroup.Create();
            OciResources resources = spec.Linux?.Resources ?? new OciResources();
            // A configuration without device rules gets the devices of the specification and no others, as with runc: a container that may
            // make nodes would otherwise have the machine's disks.
            cgroup.Apply(resources with { Devices = resources.Devices ?? [] });
            return cgroup;
        }
        catch
        {
            // A placeholder of systemd's may be in it; nobody else is.
            cgroup.Kill();
            cgroup.Delete();
            throw;
        }
    }
}
