using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// Mount options as mount(8) and the OCI specification (config.md, Linux mount options) spell them, sorted into what the kernel's calls
/// take: attributes of the mount, its propagation, and options of the file system.
/// </summary>
internal sealed class MountOptions
{
    private static readonly string[] s_attributes =
    [
        "atime", "dev", "diratime", "exec", "noatime", "nodev", "nodiratime", "noexec", "norelatime", "nostrictatime", "nosuid", "nosymfollow", "relatime", "ro", "rw",
        "strictatime", "suid", "symfollow",
    ];

    /// <summary>All options that are about the mount, in ordinal order (features.md, mountOptions).</summary>
    public static IReadOnlyList<string> Known
    {
        get
        {
            List<string> known =
            [
                "async", "bind", "defaults", "idmap", "loud", "nolazytime", "nomand", "private", "rbind", "ridmap", "rprivate", "rshared", "rslave", "runbindable", "shared", "slave",
                "tmpcopyup", "unbindable",
            ];
            foreach (string attribute in s_attributes)
            {
                known.Add(attribute);
                known.Add("r" + attribute);
            }

            known.Sort(StringComparer.Ordinal);
            return known;
        }
    }

    /// <summary>MOUNT_ATTR_* to set.</summary>
    public ulong Set { get; private set; }
    /// <summary>MOUNT_ATTR_* to clear.</summary>
    public ulong Clear { get; private set; }
    /// <summary>MOUNT_ATTR_* to set on all mounts below as well (rro, rnosuid, …).</summary>
    public ulong RecursiveSet { get; private set; }
    /// <summary>MOUNT_ATTR_* to clear on all mounts below as well.</summary>
    public ulong RecursiveClear { get; private set; }
    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, or 0.</summary>
    public ulong Propagation { get; private set; }
    /// <summary>Whether <see cref="Propagation"/> goes for all mounts below as well.</summary>
    public bool RecursivePropagation { get; private set; }
    /// <summary>A bind mount.</summary>
    public bool Bind { get; private set; }
    /// <summary>With the mounts below.</summary>
    public bool RecursiveBind { get; private set; }
    /// <summary>A tmpfs that starts with what the image has at that place.</summary>
    public bool CopyUp { get; private set; }
    /// <summary>Id-mapped: 1 for this mount, 2 for those below as well, 0 for no.</summary>
    public int IdMapped { get; private set; }
    /// <summary>Options of the file system, <c>key</c> or <c>key=value</c>, in order.</summary>
    public List<string> Data { get; } = [];

    /// <summary>Sorts a list of options.</summary>
    public static MountOptions Parse(IEnumerable<string>? options)
    {
        MountOptions parsed = new();
        foreach (string option in options ?? []) parsed.Add(option);
        return parsed;
    }

    private void Add(string option)
    {
        if (AddAttribute(option) || AddPropagation(option)) return;
        switch (option)
        {
            case "defaults" or "async" or "nomand" or "loud" or "nolazytime" or "":
                break;
            case "bind":
                Bind = true;
                break;
            case "rbind":
                Bind = RecursiveBind = true;
                break;
            case "tmpcopyup":
                CopyUp = true;
                break;
            case "idmap":
                IdMapped = 1;
                break;
            case "ridmap":
                IdMapped = 2;
                break;
            default:
                Data.Add(option);
                break;
        }
    }

    private bool AddAttribute(string option)
    {
        bool recursive = option.Length > 2 && option[0] == 'r' && option is not ("ro" or "rw" or "relatime");
        string word = recursive ? option[1..] : option;
        (ulong set, ulong clear) = word switch
        {
            "ro" => (Libc.MOUNT_ATTR_RDONLY, 0UL),
            "rw" => (0UL, Libc.MOUNT_ATTR_RDONLY),
            "nosuid" => (Libc.MOUNT_ATTR_NOSUID, 0UL),
            "suid" => (0UL, Libc.MOUNT_ATTR_NOSUID),
            "nodev" => (Libc.MOUNT_ATTR_NODEV, 0UL),
            "dev" => (0UL, Libc.MOUNT_ATTR_NODEV),
            "noexec" => (Libc.MOUNT_ATTR_NOEXEC, 0UL),
            "exec" => (0UL, Libc.MOUNT_ATTR_NOEXEC),
            "nodiratime" => (Libc.MOUNT_ATTR_NODIRATIME, 0UL),
            "diratime" => (0UL, Libc.MOUNT_ATTR_NODIRATIME),
            // The three access time modes are one field: setting one means clearing the others.
            "noatime" => (Libc.MOUNT_ATTR_NOATIME, Libc.MOUNT_ATTR__ATIME),
            "strictatime" => (Libc.MOUNT_ATTR_STRICTATIME, Libc.MOUNT_ATTR__ATIME),
            "relatime" or "atime" or "nostrictatime" or "norelatime" => (Libc.MOUNT_ATTR_RELATIME, Libc.MOUNT_ATTR__ATIME),
            "nosymfollow" => (Libc.MOUNT_ATTR_NOSYMFOLLOW, 0UL),
            "symfollow" => (0UL, Libc.MOUNT_ATTR_NOSYMFOLLOW),
            _ => (0UL, 0UL),
        };
        if ((set | clear) == 0) return false;
        if (recursive)
        {
            RecursiveSet = (RecursiveSet & ~clear) | set;
            RecursiveClear = (RecursiveClear & ~set) | clear;
        }
        else
        {
            Set = (Set & ~clear) | set;
            Clear = (Clear & ~(set & ~Libc.MOUNT_ATTR__ATIME)) | clear;
        }

        return true;
    }

    private bool AddPropagation(string option)
    {
        ulong propagation = PropagationOf(option.StartsWith('r') ? option[1..] : option);
        if (propagation == 0) return false;
        Propagation = propagation;
        RecursivePropagation = option.StartsWith('r');
        return true;
    }

    /// <summary>The MS_* flag of a propagation's name, or 0.</summary>
    public static ulong PropagationOf(string name) => name switch
    {
        "shared" => Libc.MS_SHARED,
        "slave" => Libc.MS_SLAVE,
        "private" => Libc.MS_PRIVATE,
        "unbindable" => Libc.MS_UNBINDABLE,
        _ => 0,
    };
}
