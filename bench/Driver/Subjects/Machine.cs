using System.Globalization;
using System.Runtime.InteropServices;

namespace ContainerTools.Bench.Subjects;

/// <summary>The machine, in the words of its own files.</summary>
internal static class Machine
{
    /// <summary>One line for each thing that matters.</summary>
    public static IEnumerable<string> Describe()
    {
        yield return $"kernel   {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()} {RuntimeInformation.OSArchitecture}".ToString();
        yield return $"cores    {Environment.ProcessorCount} × {ProcessorName}, {Memory}";
        yield return $"cgroup   {CgroupLayout}";
        yield return $"system   {OperatingSystemName}";
        yield return $"load     {File.ReadAllText("/proc/loadavg").Trim()} (at the start)";
    }

    /// <summary>Whether the machine has version 2 alone.</summary>
    public static bool HasUnifiedCgroup { get; } = File.Exists("/sys/fs/cgroup/cgroup.controllers");

    private static string CgroupLayout
    {
        get
        {
            if (HasUnifiedCgroup) return $"v2 ({File.ReadAllText("/sys/fs/cgroup/cgroup.controllers").Trim()})";
            IEnumerable<string> controllers = File.ReadLines("/proc/self/mountinfo")
                .Select(line => line.Split(" - "))
                .Where(parts => parts.Length == 2 && parts[1].StartsWith("cgroup ", StringComparison.Ordinal))
                .Select(parts => Path.GetFileName(parts[0].Split(' ')[4]));
            return $"v1 ({string.Join(' ', controllers)})"
                + (Environment.GetEnvironmentVariable("CONTAINERTOOLS_BENCH_HIDDEN_CGROUP2") is { Length: > 0 } hidden
                    ? $"; hybrid, with {hidden} unmounted for all who are measured, because crun refuses it"
                    : "");
        }
    }

    private static string ProcessorName => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "processor";

    private static string Memory
    {
        get
        {
            string line = File.ReadLines("/proc/meminfo").First();
            double kib = double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            return string.Create(CultureInfo.InvariantCulture, $"{kib / 1048576:0.0} GiB");
        }
    }

    private static string OperatingSystemName => File.ReadLines("/etc/os-release")
        .FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?["PRETTY_NAME=".Length..].Trim('"') ?? "unknown";
}
