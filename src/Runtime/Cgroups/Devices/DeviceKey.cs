using System.Globalization;

namespace ContainerTools.Runtime.Cgroups.Devices;

/// <summary>Which devices a rule means.</summary>
/// <param name="Type"><c>c</c> or <c>b</c>.</param>
/// <param name="Major">Null for all.</param>
/// <param name="Minor">Null for all.</param>
internal readonly record struct DeviceKey(char Type, uint? Major, uint? Minor)
{
    /// <summary>As devices.allow wants it, <c>c 1:3</c>, <c>c 136:*</c>.</summary>
    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"{Type} {Number(Major)}:{Number(Minor)}");

    private static string Number(uint? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "*";
}
