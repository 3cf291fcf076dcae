using System.Diagnostics;

namespace ContainerTools.Vm.Tests;

/// <summary>Finds or gets what a virtual machine is made of, or says why it cannot be had.</summary>
internal static class VmTools
{
    public const string Emulator = "qemu-system-x86_64";
    public const string Busybox = "/bin/busybox";

    /// <summary>Whether a program is on PATH.</summary>
    public static bool Has(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>
    /// A kernel: CONTAINERTOOLS_VM_KERNEL where set, else the distribution's cloud kernel, downloaded once and unpacked without being installed.
    /// </summary>
    /// <param name="reason">Why there is none.</param>
    public static string? Kernel(out string reason)
    {
        reason = "";
        if (Environment.GetEnvironmentVariable("CONTAINERTOOLS_VM_KERNEL") is { Length: > 0 } given)
        {
            reason = $"CONTAINERTOOLS_VM_KERNEL names {given}, which does not exist";
            return File.Exists(given) ? given : null;
        }

        string cache = Path.Combine(Repository(), "artifacts", "vm");
        if (Find(cache) is { } cached) return cached;
        if (!Has("apt-get") || !Has("dpkg-deb"))
        {
            reason = "no kernel to boot: apt-get and dpkg-deb are needed to get one, or CONTAINERTOOLS_VM_KERNEL to name one";
            return null;
        }

        string work = Directory.CreateTempSubdirectory("vm-kernel-").FullName;
        try
        {
            // The package linux-image-cloud-amd64 is empty: it depends on the kernel of the day.
            string depends = Output("apt-cache", "depends", "--important", "linux-image-cloud-amd64");
            string? package = depends.Split('\n').Select(line => line.Trim())
                .Where(line => line.StartsWith("Depends: linux-image-", StringComparison.Ordinal)).Select(line => line["Depends: ".Length..]).FirstOrDefault();
            if (package is null || Run(work, "apt-get", "download", package) != 0 || Directory.GetFiles(work, "*.deb") is not [string archive])
            {
                reason = "no kernel to boot: apt-get cannot download linux-image-cloud-amd64 (without a network, name a kernel in CONTAINERTOOLS_VM_KERNEL)";
                return null;
            }

            if (Run(work, "sh", "-c", "dpkg-deb --fsys-tarfile \"$1\" | tar -x ./boot", "sh", archive) != 0 || Find(Path.Combine(work, "boot")) is not { } kernel)
            {
                reason = $"no kernel to boot: {Path.GetFileName(archive)} cannot be unpacked";
                return null;
            }

            Directory.CreateDirectory(cache);
            string target = Path.Combine(cache, Path.GetFileName(kernel));
            // A name of its own: the machines of several test classes are made at the same time, and each that finds no kernel gets one.
            string copy = $"{target}.{Guid.NewGuid():n}.tmp";
            File.Copy(kernel, copy);
            File.Move(copy, target, overwrite: true);
            return target;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>The root file system of a distribution with systemd and a bus, made once by debootstrap and made smaller.</summary>
    /// <param name="reason">Why there is none.</param>
    public static string? SystemdRoot(out string reason)
    {
        reason = "";
        string root = Path.Combine(Repository(), "artifacts", "vm", "systemd");
        if (Directory.Exists(root)) return root;
        if (!Environment.IsPrivilegedProcess || !Has("debootstrap"))
        {
            reason = "no system with systemd: debootstrap, as root, is needed to make one";
            return null;
        }

        string work = root + "." + Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            Directory.CreateDirectory(work);
            if (Run(work, "debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "stable", work) != 0)
            {
                reason = "no system with systemd: debootstrap cannot make one here (it needs the distribution's packages)";
                return null;
            }

            foreach (string folder in (string[])["usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/zoneinfo", "var/cache/apt", "var/lib/apt/lists"])
            {
                string path = Path.Combine(work, folder);
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            }

            Directory.Move(work, root);
            return root;
        }
        finally
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>The folder that holds the solution.</summary>
    public static string Repository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "ContainerTools.sln"))) return folder;
        return AppContext.BaseDirectory;
    }

    private static string? Find(string folder)
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "vmlinuz-*").FirstOrDefault(file => !file.EndsWith(".tmp", StringComparison.Ordinal)) : null;

    private static string Output(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private static int Run(string folder, string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
