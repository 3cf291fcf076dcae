using System.Globalization;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Capabilities by name and number (capabilities(7), linux/capability.h), sets of them as bit masks, and Docker's way of
/// putting a container's set together.
/// </summary>
internal static class Capability
{
    /// <summary>Stands for every capability in a list of capabilities to add or to drop.</summary>
    public const string AllName = "ALL";

    private const string Prefix = "CAP_";

    // In the order of their numbers.
    private static readonly string[] s_names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
        "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>The names of all capabilities this engine knows; the index is the number.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <summary>Docker's default set: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.</summary>
    public static IReadOnlyList<string> DockerDefault { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP",
    ];

    /// <summary>The capabilities that this engine and the running kernel (/proc/sys/kernel/cap_last_cap) both know.</summary>
    public static IReadOnlyList<string> All => NamesOf(KernelMask());

    /// <summary>
    /// Mask of the capabilities that this process can hand on: those of its bounding set (CapBnd in /proc/self/status). A container
    /// without a user namespace of its own cannot have others.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> when /proc does not say.</exception>
    public static ulong AvailableMask()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (!line.StartsWith("CapBnd:", StringComparison.Ordinal)) continue;
            return ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) & KernelMask();
        }

        throw new ContainerException(ErrorCode.NotSupported, "/proc/self/status has no CapBnd line; is /proc mounted?", "/proc/self/status");
    }

    /// <summary>Mask of the capabilities that this engine and the running kernel both know.</summary>
    public static ulong KernelMask()
    {
        const string Path = "/proc/sys/kernel/cap_last_cap";
        Span<byte> text = stackalloc byte[16];
        int length = Libc.ReadKernelFile(Path, text);
        if (length < 0) throw KernelError.From("read", -length, Path);
        int last = int.Parse(text[..length], NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        return Below(Math.Min(last + 1, s_names.Length));
    }

    /// <summary>The number of a capability, written <c>CAP_CHOWN</c> or <c>CHOWN</c> in any case.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.CapabilityUnknown"/>.</exception>
    public static int Number(string name) => TryNumber(name, out int number)
        ? number
        : throw new ContainerException(
            ErrorCode.CapabilityUnknown, $"There is no capability '{name}'; use a name of capabilities(7), for example NET_ADMIN, or ALL.", name);

    /// <summary>Whether there is such a capability, and its number.</summary>
    public static bool TryNumber(ReadOnlySpan<char> name, out int number)
    {
        if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) name = name[Prefix.Length..];
        for (number = 0; number < s_names.Length; number++)
        {
            if (name.Equals(s_names[number].AsSpan(Prefix.Length), StringComparison.OrdinalIgnoreCase)) return true;
        }

        number = -1;
        return false;
    }

    /// <summary>The name of a number, <c>CAP_CHOWN</c>.</summary>
    public static string Name(int number) => (uint)number < (uint)s_names.Length
        ? s_names[number]
        : throw new ContainerException(
            ErrorCode.CapabilityUnknown, string.Create(CultureInfo.InvariantCulture, $"There is no capability with the number {number}."));

    /// <summary>The bit mask of a list of names; ALL is not taken.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.CapabilityUnknown"/>.</exception>
    public static ulong Mask(IEnumerable<string> names)
    {
        ulong mask = 0;
        foreach (string name in names) mask |= 1UL << Number(name);
        return mask;
    }

    /// <summary>The names of a mask's bits, in the order of their numbers; bits without a name are left out.</summary>
    public static IReadOnlyList<string> NamesOf(ulong mask)
    {
        List<string> names = new(s_names.Length);
        for (int number = 0; number < s_names.Length; number++)
        {
            if ((mask & (1UL << number)) != 0) names.Add(s_names[number]);
        }

        return names;
    }

    /// <summary>
    /// A container's capabilities by Docker's rules. Privileged: all, whatever is added or dropped. ALL added: all but those dropped
    /// by name. ALL dropped: none but those added. Otherwise the default set, less those dropped, and then those added; so what
    /// is both dropped and added by name is there.
    /// </summary>
    /// <param name="added">Names to add; ALL for all.</param>
    /// <param name="dropped">Names to drop; ALL for all.</param>
    /// <param name="privileged">Whether the container is privileged.</param>
    /// <param name="available">What can be had; null asks the machine (<see cref="AvailableMask"/>). For a container with a user
    /// namespace of its own pass <see cref="KernelMask"/>.</param>
    /// <returns>Names as <c>CAP_CHOWN</c>, in the order of their numbers.</returns>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.CapabilityUnknown"/> for a name that does not exist, <see cref="ErrorCode.NotSupported"/> for one that was
    /// asked for by name and cannot be had.
    /// </exception>
    public static IReadOnlyList<string> Resolve(IEnumerable<string> added, IEnumerable<string> dropped, bool privileged, ulong? available = null)
    {
        ulong can = available ?? AvailableMask();
        (ulong add, bool addAll) = Read(added);
        (ulong drop, bool dropAll) = Read(dropped);
        if (privileged) return NamesOf(can);

        ulong mask;
        if (addAll)
        {
            mask = can & ~drop;
        }
        else
        {
            ulong refused = add & ~can;
            if (refused != 0)
            {
                string name = NamesOf(refused)[0];
                throw new ContainerException(
                    ErrorCode.NotSupported, $"The capability {name} cannot be had: this kernel or the environment of this process does not grant it.", name);
            }

            mask = dropAll ? add : (Mask(DockerDefault) & can & ~drop) | add;
        }

        return NamesOf(mask);
    }

    private static (ulong Mask, bool All) Read(IEnumerable<string> names)
    {
        ulong mask = 0;
        bool all = false;
        foreach (string name in names)
        {
            // "CAP_ALL" is what Docker's command line makes ALL of.
            if (name.Equals(AllName, StringComparison.OrdinalIgnoreCase) || name.Equals("CAP_ALL", StringComparison.OrdinalIgnoreCase)) all = true;
            else mask |= 1UL << Number(name);
        }

        return (mask, all);
    }

    private static ulong Below(int count) => count >= 64 ? ulong.MaxValue : (1UL << count) - 1;
}
