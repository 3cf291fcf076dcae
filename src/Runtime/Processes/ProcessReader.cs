using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Processes;

/// <summary>Reads what /proc says about the processes of one container (proc_pid_stat(5), proc_pid_status(5), proc_pid_cmdline(5)).</summary>
/// <param name="containerId">The container's id.</param>
/// <param name="container">Its name.</param>
/// <param name="firstHostId">What its root is on the host: 0, or the first id of its user namespace.</param>
internal sealed class ProcessReader(string containerId, string container, uint firstHostId)
{
    private readonly DateTimeOffset _boot = BootTime();
    private readonly Dictionary<string, UserNames> _users = new(StringComparer.Ordinal);

    /// <summary>A process; null when it has ended.</summary>
    public ContainerProcess? Read(int processId)
    {
        if (ProcessStat.Read(processId) is not { } stat) return null;
        byte[] status = Libc.ReadWholeKernelFile($"/proc/{processId}/status", out int errno);
        if (errno != 0) return null;
        byte[] commandLine = Libc.ReadWholeKernelFile($"/proc/{processId}/cmdline", out errno);
        if (errno != 0) return null;
        uint user = 0;
        int? inside = null;
        string name = "";
        foreach (string line in Encoding.UTF8.GetString(status).Split('\n'))
        {
            if (line.StartsWith("Name:", StringComparison.Ordinal)) name = line[5..].Trim();
            // Real, effective, saved, file system: the effective one is what it may do.
            else if (line.StartsWith("Uid:", StringComparison.Ordinal)) user = uint.Parse(Field(line, 2), CultureInfo.InvariantCulture);
            // One number for each nested pid namespace, the innermost last.
            else if (line.StartsWith("NSpid:", StringComparison.Ordinal)) inside = int.Parse(Field(line, -1), CultureInfo.InvariantCulture);
        }

        return new ContainerProcess
        {
            Container = container,
            ContainerId = containerId,
            ProcessId = processId,
            ContainerProcessId = inside,
            ParentProcessId = stat.ParentProcessId,
            UserId = user,
            User = NameOf(processId, user),
            State = stat.State,
            StartedAt = _boot + Time(stat.StartTime),
            CpuTime = Time(stat.CpuTicks),
            WorkingSet = stat.ResidentPages * Environment.SystemPageSize,
            Threads = stat.Threads,
            // A zombie has no command line any more; ps(1) writes its name in brackets.
            Command = commandLine.Length > 0 ? Words(commandLine) : [$"[{name}]"],
        };
    }

    private string NameOf(int processId, uint user)
    {
        uint inside = user >= firstHostId ? user - firstHostId : user;
        // Processes of one container share a root, save for those that have changed it; the mount namespace tells them apart well enough.
        string key = Libc.ReadLink($"/proc/{processId}/ns/mnt") ?? "";
        if (!_users.TryGetValue(key, out UserNames? names)) _users[key] = names = UserNames.OfProcess(processId);
        return names.Find(inside) ?? inside.ToString(CultureInfo.InvariantCulture);
    }

    private static string Field(string line, int index)
    {
        string[] fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return index < 0 ? fields[^-index] : fields[index];
    }

    private static string[] Words(byte[] commandLine)
        => Encoding.UTF8.GetString(commandLine.AsSpan(0, commandLine[^1] == 0 ? commandLine.Length - 1 : commandLine.Length)).Split('\0');

    // USER_HZ, which /proc counts in, is 100 on every architecture that .NET runs on.
    private static TimeSpan Time(ulong ticks) => TimeSpan.FromMilliseconds(ticks * 10.0);

    private static DateTimeOffset BootTime()
    {
        byte[] uptime = Libc.ReadWholeKernelFile("/proc/uptime", out int errno);
        if (errno != 0) throw KernelError.From("read", errno, "/proc/uptime");
        double seconds = double.Parse(Encoding.ASCII.GetString(uptime).Split(' ')[0], CultureInfo.InvariantCulture);
        return DateTimeOffset.UtcNow - TimeSpan.FromSeconds(seconds);
    }
}
