using System.Diagnostics;

namespace ContainerTools.Vm.Tests;

/// <summary>Finds or gets what a virtual machine is made of, or says why it cannot be had.</summary>
internal static class VmTools
{
    public const string Emulator = "qemu-system-x86_64";
    public const string Busybox = "/bin/busybox";
    private const string KernelPrefix = "vmlinuz-";
    private const string ModulesPrefix = "modules-";
    private static readonly string[] s_system = ["systemd", "systemd-sysv", "dbus"];

    /// <summary>The engines, the runtimes they are compared with, and what a user needs to run containers without privileges.</summary>
    private static readonly string[] s_engines = ["podman", "crun", "containerd", "docker.io", "docker-cli", "uidmap", "dbus-user-session", "libpam-systemd"];

    /// <summary>What checks need and Debian does not build in, by its folder among the kernel's modules.</summary>
    private static readonly string[] s_modules =
    [
        "fs/overlayfs/overlay", "drivers/net/dummy", "drivers/net/ipvlan/ipvlan", "lib/libcrc32c", "net/netfilter/nfnetlink", "net/netfilter/nf_tables",
        "fs/netfs/netfs", "fs/fscache/fscache", "net/sunrpc/sunrpc", "fs/nfs_common/grace", "fs/nfs_common/nfs_acl", "fs/lockd/lockd", "net/sunrpc/auth_gss/auth_rpcgss",
        "net/dns_resolver/dns_resolver", "fs/nfsd/nfsd", "fs/nfs/nfs", "fs/nfs/nfsv4",
    ];

    /// <summary>Whether a program is on PATH.</summary>
    public static bool Has(string program)
        => Path.IsPathRooted(Located(program));

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

        string? cached = Find(Cache);
        if (cached is not null && Modules(cached).Any(static file => Path.GetFileName(file).StartsWith("nfsv4", StringComparison.Ordinal))) return cached;
        string? kernel = DownloadedKernel(out reason);
        return kernel ?? cached;
    }

    /// <summary>The modules that came with a kernel of <see cref="Kernel"/>: what checks need and Debian does not build in.</summary>
    public static string[] Modules(string kernel)
        => Path.GetFileName(kernel).StartsWith(KernelPrefix, StringComparison.Ordinal) && Path.Combine(Cache, ModulesPrefix + Path.GetFileName(kernel)[KernelPrefix.Length..]) is var folder && Directory.Exists(folder)
            ? Directory.GetFiles(folder)
            : [];

    /// <summary>
    /// A disk with a distribution's system: systemd, a bus and, where the distribution has them, engines. debootstrap makes it once, and it is never written to again.
    /// </summary>
    /// <param name="reason">Why there is none.</param>
    public static string? Disk(out string reason)
    {
        reason = "";
        string disk = Path.Combine(Cache, "system.ext4");
        if (File.Exists(disk)) return disk;
        if (!Environment.IsPrivilegedProcess || !Has("debootstrap") || !Has("mke2fs"))
        {
            reason = "no system with systemd: debootstrap and mke2fs, as root, are needed to make one";
            return null;
        }

        Directory.CreateDirectory(Cache);
        string work = Path.Combine(Cache, $"system.{Guid.NewGuid():n}"), root = Path.Combine(work, "root"), image = Path.Combine(work, "system.ext4");
        Directory.CreateDirectory(work);
        try
        {
            if (!Bootstrap(root, [.. s_system, .. s_engines]) && !Bootstrap(root, s_system))
            {
                reason = "no system with systemd: debootstrap cannot make one here (it needs the distribution's packages)";
                return null;
            }

            foreach (string folder in (string[])["usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/zoneinfo", "var/cache/apt", "var/lib/apt/lists"])
            {
                string path = Path.Combine(root, folder);
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            }

            // Filled without being mounted. Its blocks of zeros take no room in the file.
            if (Run(work, "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", root, image, "2G") != 0)
            {
                reason = "no system with systemd: mke2fs cannot make a file system out of it";
                return null;
            }

            File.Move(image, disk, overwrite: true);
            return disk;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static bool Bootstrap(string root, string[] packages)
    {
        if (Directory.Exists(root)) Directory.Delete(root, recursive: true);
        return Run("/", "debootstrap", "--variant=minbase", "--include=" + string.Join(',', packages), "stable", root) == 0;
    }

    private static string? DownloadedKernel(out string reason)
    {
        reason = "";
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

            // tar fails where a pattern fits nothing, for another kernel may have built in what this one has not; that the kernel came out is what counts.
            const string Unpack = "archive=$1; shift; dpkg-deb --fsys-tarfile \"$archive\" | tar -x --wildcards './boot/vmlinuz-*' \"$@\" || true";
            if (Run(work, "sh", ["-c", Unpack, "sh", archive, .. s_modules.Select(static module => $"*/kernel/{module}.ko*")]) != 0 || Find(Path.Combine(work, "boot")) is not { } kernel)
            {
                reason = $"no kernel to boot: {Path.GetFileName(archive)} cannot be unpacked";
                return null;
            }

            Directory.CreateDirectory(Cache);
            string modules = Path.Combine(Cache, ModulesPrefix + Path.GetFileName(kernel)[KernelPrefix.Length..]);
            Directory.CreateDirectory(modules);
            foreach (string module in Directory.EnumerateFiles(work, "*.ko*", SearchOption.AllDirectories)) Place(module, Path.Combine(modules, Path.GetFileName(module)));
            string target = Path.Combine(Cache, Path.GetFileName(kernel));
            Place(kernel, target);
            return target;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>Under a name of its own first: the machines of several test classes are made at the same time, and each that finds no kernel gets one.</summary>
    private static void Place(string file, string target)
    {
        string copy = $"{target}.{Guid.NewGuid():n}.tmp";
        File.Copy(file, copy);
        File.Move(copy, target, overwrite: true);
    }

    /// <summary>The folder that holds the solution.</summary>
    public static string Repository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "ContainerTools.sln"))) return folder;
        return AppContext.BaseDirectory;
    }

    private static string Cache => Path.Combine(Repository(), "artifacts", "vm");

    /// <summary>Where a program is, also one for the administrator alone; its name if it is nowhere.</summary>
    private static string Located(string program)
        => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists) ?? program;

    private static string? Find(string folder)
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, KernelPrefix + "*").FirstOrDefault(file => !file.EndsWith(".tmp", StringComparison.Ordinal)) : null;

    private static string Output(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private static int Run(string folder, string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Located(program), arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
