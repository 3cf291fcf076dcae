using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>/proc/devices: the names by which systemd knows all devices of a major number (DeviceAllow=char-pts).</summary>
internal sealed class SystemdDeviceGroups(string table)
{
    private readonly string[] _lines = table.Split('\n');

    /// <summary>This machine's.</summary>
    public static SystemdDeviceGroups Read(string path = "/proc/devices")
    {
        byte[] content = Libc.ReadWholeKernelFile(path, out int errno);
        return errno == 0 ? new SystemdDeviceGroups(Encoding.UTF8.GetString(content)) : throw KernelError.From("read", errno, path);
    }

    /// <summary>The group of a type (c or b) and major number, or null.</summary>
    public string? NameOf(char type, uint major)
    {
        bool inside = false;
        foreach (string line in _lines)
        {
            if (line.EndsWith(':'))
            {
                inside = line.StartsWith(type == 'c' ? "Character" : "Block", StringComparison.Ordinal);
                continue;
            }

            string[] parts = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (inside && parts.Length == 2 && uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number == major) return parts[1];
        }

        return null;
    }
}
