using ContainerTools.Runtime.DBus;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>
/// A container's cgroup as a transient scope of systemd, with the delegation that its documentation asks for (CGROUP_DELEGATION). systemd makes the scope around a
/// placeholder; the container's first process is then born in the cgroup like any other, and the placeholder goes.
/// </summary>
internal sealed class SystemdScope : IDisposable
{
    private readonly SystemdUnitMark _mark;
    private PlaceholderProcess? _placeholder;

    private SystemdScope(SystemdUnitMark mark, PlaceholderProcess placeholder)
    {
        _mark = mark;
        _placeholder = placeholder;
    }

    /// <summary>The unit's name.</summary>
    public string Unit => _mark.Unit;

    /// <summary>The cgroup's path below the root of each hierarchy.</summary>
    public string Path => _mark.CgroupPath;

    /// <summary>Starts a scope for a container, with its limits.</summary>
    /// <param name="spec">The configuration.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="isV2">Whether the machine's controllers are cgroup v2's.</param>
    /// <param name="note">Puts on file what is to be made, before systemd is asked: whoever finds what a dead creation has left knows what to remove.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where no systemd answers, <see cref="ErrorCode.InvalidConfiguration"/>,
    /// <see cref="ErrorCode.LaunchFailed"/> where it refuses.</exception>
    public static SystemdScope Start(OciSpec spec, string id, bool isV2, Action<SystemdUnitMark> note)
    {
        using SystemdManager manager = SystemdManager.Connect();
        SystemdUnit unit = SystemdUnit.Parse(spec.Linux?.CgroupsPath, id, manager.UsualSlice);
        SystemdUnitMark mark = SystemdUnitMark.New(unit.Name, manager.ControlGroup + unit.Path);
        note(mark);
        SystemdScope? scope = null;
        Explained(unit.Name, "start", () => scope = Start(manager, unit.Slice, mark, spec, id, isV2));
        return scope!;
    }

    private static SystemdScope Start(SystemdManager manager, string slice, SystemdUnitMark mark, OciSpec spec, string id, bool isV2)
    {
        PlaceholderProcess placeholder = PlaceholderProcess.Start();
        try
        {
            OciResources resources = spec.Linux?.Resources ?? new OciResources();
            List<SystemdProperty> properties =
            [
                new("Description", mark.Describe(id)),
                new("Slice", slice),
                new("PIDs", new uint[] { (uint)placeholder.ProcessId }),
                new("Delegate", true),
                // A scope whose processes were killed while it was made has failed, and would keep its name.
                new("CollectMode", "inactive-or-failed"),
                new("DefaultDependencies", false),
                new("MemoryAccounting", true),
                new("CPUAccounting", true),
                new("TasksAccounting", true),
                new(isV2 ? "IOAccounting" : "BlockIOAccounting", true),
                .. Properties(manager, resources with { Devices = resources.Devices ?? [] }, isV2),
                .. SystemdAnnotations.Of(spec.Annotations),
            ];
            manager.StartTransientUnit(mark.Unit, properties);
            return new SystemdScope(mark, placeholder);
        }
        catch
        {
            placeholder.Dispose();
            throw;
        }
    }

    /// <summary>Tells systemd of a change of limits.</summary>
    public static void Set(string unit, OciResources resources, bool isV2)
    {
        using SystemdManager manager = SystemdManager.Connect();
        Explained(unit, "change", () =>
        {
            IReadOnlyList<SystemdProperty> properties = Properties(manager, resources, isV2);
            if (properties.Count > 0) manager.SetUnitProperties(unit, properties);
        });
    }

    /// <summary>Whether systemd has the unit, and it is not another's of the same name.</summary>
    public static bool Has(SystemdUnitMark mark)
    {
        using SystemdManager manager = SystemdManager.Connect();
        bool has = false;
        Explained(mark.Unit, "find", () => has = mark.Fits(manager.DescriptionOf(mark.Unit)));
        return has;
    }

    /// <summary>Has systemd forget a scope whose processes have ended; does nothing where it has, or where its name is another's by now.</summary>
    public static void Stop(SystemdUnitMark mark)
    {
        using SystemdManager manager = SystemdManager.Connect();
        Explained(mark.Unit, "stop", () =>
        {
            if (mark.Fits(manager.DescriptionOf(mark.Unit))) manager.StopUnit(mark.Unit);
        });
    }

    /// <summary>Lets the placeholder go.</summary>
    public void Dispose()
    {
        _placeholder?.Dispose();
        _placeholder = null;
    }

    private static IReadOnlyList<SystemdProperty> Properties(SystemdManager manager, OciResources resources, bool isV2)
    {
        int? version = null;
        SystemdDeviceGroups? groups = null;
        return SystemdResources.Of(
            resources, isV2, () => version ??= manager.Version, (type, major) => (groups ??= SystemdDeviceGroups.Read()).NameOf(type, major));
    }

    private static void Explained(string unit, string what, Action call)
    {
        try
        {
            call();
        }
        catch (DBusException error)
        {
            throw new ContainerException(ErrorCode.LaunchFailed, $"systemd could not {what} the unit {unit}: {error.Message.TrimEnd('.')}.", unit, error);
        }
    }
}
