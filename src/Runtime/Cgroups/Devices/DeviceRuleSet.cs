using System.Globalization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Cgroups.Devices;

/// <summary>
/// What a list of device rules amounts to when its rules are applied in order, as cgroup v1 does: a default and exceptions to it.
/// v1 gets the difference to what it has, v2 gets a program made of the result, so both behave alike.
/// </summary>
internal sealed class DeviceRuleSet
{
    private readonly SortedDictionary<DeviceKey, DeviceAccess> _exceptions = new(Comparer<DeviceKey>.Create(Compare));

    private readonly List<DeviceKey> _order = [];

    private DeviceRuleSet(bool allowsByDefault) => AllowsByDefault = allowsByDefault;

    /// <summary>Whether a device without an exception may be used.</summary>
    public bool AllowsByDefault { get; private set; }

    /// <summary>The opposite of the default, by device; in a fixed order.</summary>
    public IReadOnlyDictionary<DeviceKey, DeviceAccess> Exceptions => _exceptions;

    /// <summary>The exceptions' devices in the order in which the rules first named them; some may have no exception any more.</summary>
    public IReadOnlyList<DeviceKey> Order => _order;

    /// <summary>Everything is allowed.</summary>
    public bool AllowsAll => AllowsByDefault && _exceptions.Count == 0;

    /// <summary>
    /// The set of a container: nothing is allowed at first, then come its rules, then the devices that the specification promises to every
    /// container (runc appends them too, and documents made for runc rely on it: they deny everything and then expect /dev/null).
    /// </summary>
    public static DeviceRuleSet Of(IReadOnlyList<OciDeviceRule> rules)
    {
        var set = new DeviceRuleSet(allowsByDefault: false);
        foreach (OciDeviceRule rule in rules) set.Apply(rule);
        // Where everything is allowed they are too, unless a rule denies one on purpose.
        if (!set.AllowsByDefault)
            foreach (OciDeviceRule rule in DefaultDeviceRules.Promised) set.Apply(rule);
        return set;
    }

    /// <summary>The set that devices.list of v1 shows.</summary>
    public static DeviceRuleSet Parse(string list)
    {
        var set = new DeviceRuleSet(allowsByDefault: false);
        foreach (string line in list.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('a')) return new DeviceRuleSet(allowsByDefault: true);
            string[] parts = line.Split([' ', ':']);
            if (parts.Length != 4) continue;
            set.Add(new DeviceKey(parts[0][0], Number(parts[1]), Number(parts[2])), AccessOf(parts[3], line));
        }

        return set;
    }

    private static int Compare(DeviceKey left, DeviceKey right)
    {
        int order = right.Type.CompareTo(left.Type);
        if (order == 0) order = Nullable.Compare(left.Major, right.Major);
        return order == 0 ? Nullable.Compare(left.Minor, right.Minor) : order;
    }

    private static uint? Number(string text) => text == "*" ? null : uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static uint? Number(long? number, OciDeviceRule rule)
    {
        // Go programs write -1 for "all".
        if (number is null or -1) return null;
        if (number is < 0 or > uint.MaxValue) throw Invalid(rule, "a device number must lie between 0 and 4294967295, or be left out for all");
        return (uint)number;
    }

    private static DeviceAccess AccessOf(string? text, object rule)
    {
        if (string.IsNullOrEmpty(text)) return DeviceAccess.All;
        DeviceAccess access = DeviceAccess.None;
        foreach (char letter in text)
        {
            access |= letter switch
            {
                'r' => DeviceAccess.Read,
                'w' => DeviceAccess.Write,
                'm' => DeviceAccess.Make,
                _ => throw Invalid(rule, $"the access '{text}' must be of the letters r, w and m"),
            };
        }

        return access;
    }

    private static ContainerException Invalid(object rule, string why)
    {
        string text = rule is OciDeviceRule oci
            ? $"{(oci.Allow ? "allow" : "deny")} {oci.Type ?? "a"} {oci.Major?.ToString(CultureInfo.InvariantCulture) ?? "*"}:"
                + $"{oci.Minor?.ToString(CultureInfo.InvariantCulture) ?? "*"} {oci.Access}".TrimEnd()
            : rule.ToString()!;
        return new ContainerException(ErrorCode.LimitInvalid, $"The device rule '{text}' is not valid: {why}.", text);
    }

    private void Apply(OciDeviceRule rule)
    {
        DeviceAccess access = AccessOf(rule.Access, rule);
        uint? major = Number(rule.Major, rule);
        uint? minor = Number(rule.Minor, rule);
        switch (rule.Type)
        {
            case null or "" or "a" when major is null && minor is null && access == DeviceAccess.All:
                _exceptions.Clear();
                AllowsByDefault = rule.Allow;
                break;
            case null or "" or "a":
                // The kernel takes anything after "a" for "everything", which is more than the rule says.
                Apply(rule, new DeviceKey('c', major, minor), access);
                Apply(rule, new DeviceKey('b', major, minor), access);
                break;
            case "c":
                Apply(rule, new DeviceKey('c', major, minor), access);
                break;
            case "b":
                Apply(rule, new DeviceKey('b', major, minor), access);
                break;
            default:
                throw Invalid(rule, $"the type '{rule.Type}' must be a, c or b");
        }
    }

    private void Apply(OciDeviceRule rule, DeviceKey key, DeviceAccess access)
    {
        if (rule.Allow != AllowsByDefault) Add(key, access);
        else Remove(rule, key, access);
    }

    private void Add(DeviceKey key, DeviceAccess access)
    {
        if (!_order.Contains(key)) _order.Add(key);
        _exceptions[key] = _exceptions.GetValueOrDefault(key) | access;
    }

    /// <summary>
    /// Takes an exception back. v1 silently ignores a rule that would punch a hole into a wildcard ("all character devices, but not this
    /// one"), which would leave allowed what the document denies; so it is an error, as in runc.
    /// </summary>
    private void Remove(OciDeviceRule rule, DeviceKey key, DeviceAccess access)
    {
        foreach (DeviceKey wider in (ReadOnlySpan<DeviceKey>)[key with { Major = null }, key with { Minor = null }, key with { Major = null, Minor = null }])
        {
            if (wider == key || (_exceptions.GetValueOrDefault(wider) & access) == 0) continue;
            throw Invalid(rule, $"cgroups cannot make an exception to the rule for '{wider}' that comes before it");
        }

        DeviceAccess left = _exceptions.GetValueOrDefault(key) & ~access;
        if (left == 0) _exceptions.Remove(key);
        else _exceptions[key] = left;
    }
}
