using ContainerTools.Runtime.Cgroups.Devices;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.V1;

/// <summary>
/// devices, v1 (kernel Documentation/admin-guide/cgroup-v1/devices.rst). Only what differs from the state of now is written, so that
/// a running container never loses a device for a moment in between.
/// </summary>
internal sealed class V1DevicesController : CgroupController
{
    private const string Allow = "devices.allow";
    private const string Deny = "devices.deny";

    /// <inheritdoc/>
    public override string Name => "devices";

    /// <inheritdoc/>
    public override bool Concerns(OciResources resources) => resources.Devices is not null;

    /// <inheritdoc/>
    public override void Apply(CgroupFolder folder, OciResources resources)
    {
        if (resources.Devices is not { } rules) return;
        DeviceRuleSet wanted = DeviceRuleSet.Of(rules);
        DeviceRuleSet current = DeviceRuleSet.Parse(folder.Read("devices.list") ?? "");
        IReadOnlyDictionary<DeviceKey, DeviceAccess> old = current.Exceptions;
        if (wanted.AllowsByDefault || current.AllowsByDefault)
        {
            // The list does not show exceptions to "allow all": begin anew.
            folder.Write(wanted.AllowsByDefault ? Allow : Deny, "a");
            old = new Dictionary<DeviceKey, DeviceAccess>();
        }

        (string exception, string take) = wanted.AllowsByDefault ? (Deny, Allow) : (Allow, Deny);
        // devices.list shows them as they were written: in the order of the rules, as readers expect who compare the two.
        foreach (DeviceKey key in wanted.Order) Write(folder, exception, key, wanted.Exceptions.GetValueOrDefault(key) & ~old.GetValueOrDefault(key));
        foreach ((DeviceKey key, DeviceAccess access) in old) Write(folder, take, key, access & ~wanted.Exceptions.GetValueOrDefault(key));
    }

    private static void Write(CgroupFolder folder, string file, DeviceKey key, DeviceAccess access)
    {
        if (access == DeviceAccess.None) return;
        string letters = (access & DeviceAccess.Read) != 0 ? "r" : "";
        if ((access & DeviceAccess.Write) != 0) letters += "w";
        if ((access & DeviceAccess.Make) != 0) letters += "m";
        folder.Write(file, $"{key} {letters}");
    }
}
