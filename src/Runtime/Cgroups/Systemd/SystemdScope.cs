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
    private readonly PlaceholderProcess _placeholder;

    private SystemdScope(string unit, string path, PlaceholderProcess placeholder)
    {
        Unit = unit;
        Path = path;
        _placeholder = placeholder;
    }

    /// <summary>The unit's name.</summary>
    public string Unit { get; }

    /// <summary>The cgroup's path below the root of each hierarchy.</summary>
    public string Path { get; }

    /// <summary>Starts a scope for a container, with its limits.</summary>
    /// <param name="spec">The configuration.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="isV2">Whether the machine's controllers are cgroup v2's.</param>
    /// <param name="made">Called with the unit and the path when systemd has made them.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where no systemd answers, <see cref="ErrorCode.InvalidConfiguration"/>,
    /// <see cref="ErrorCode.LaunchFailed"/> where it refuses.</exception>
    public static SystemdScope Start(OciSpec spec, string id, bool isV2, Action<string, string> made)
    {
        using SystemdManager manager = SystemdManager.Connect();
        SystemdUnit unit = SystemdUnit.Parse(spec.Linux?.CgroupsPath, id, manager.UsualSlice);
        SystemdScope? scope = null;
        Explained(unit.Name, "start", () => scope = Start(manager, unit, spec, id, isV2));
        // Not before: a unit that could not be started may be somebody else's. One that nobody gets to note ends with its placeholder.
        try
        {
            made(scope!.Unit, scope.Path);
            return scope;
        }
        catch
        {
            scope!.Dispose();
            throw;
        }
    }

    private static SystemdScope Start(SystemdManager manager, SystemdUnit unit, OciSpec spec, string id, bool isV2)
    {
        string path = manager.ControlGroup + unit.Path;
        PlaceholderProcess placeholder = PlaceholderProcess.Start();
        try
        {
            OciResources resources = spec.Linux?.Resources ?? new OciResources();
            List<SystemdProperty> properties =
            [
                new("Description", "container " + id),
                new("Slice", unit.Slice),
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
            manager.StartTransientUnit(unit.Name, properties);
            return new SystemdScope(unit.Name, path, placeholder);
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

    /// <summary>Has systemd forget a scope whose processes have ended.</summary>
    public static void Stop(string unit)
    {
        using SystemdManager manager = SystemdManager.Connect();
        Explained(unit, "stop", () => manager.StopUnit(unit));
    }

    /// <summary>Lets the placeholder go.</summary>
    public void Dispose() => _placeholder.Dispose();

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
