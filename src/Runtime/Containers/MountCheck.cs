using System.Text.RegularExpressions;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>Checks a container's mounts and puts them into the order they are made in.</summary>
internal static partial class MountCheck
{
    private static readonly HashSet<string> s_attributes = new(StringComparer.Ordinal)
    {
        "ro", "rw", "rro", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime",
        "strictatime", "nostrictatime", "nosymfollow", "symfollow", "sync", "async", "dirsync",
    };

    private static readonly HashSet<string> s_propagations = new(StringComparer.Ordinal)
    {
        "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable", "bind", "rbind",
    };

    /// <summary>
    /// The user's mounts, checked, and an anonymous volume (a volume without a name yet) for each volume of the image that the user puts
    /// nothing at. Parents come before what is mounted below them.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>, <see cref="ErrorCode.FileNotFound"/>.</exception>
    public static IReadOnlyList<ContainerMount> Merge(IEnumerable<string> imageVolumes, IEnumerable<ContainerMount> own)
    {
        List<ContainerMount> mounts = [];
        foreach (ContainerMount mount in own)
        {
            ContainerMount good = Check(mount);
            if (mounts.Exists(other => other.Destination == good.Destination))
            {
                throw Invalid($"Two mounts have the destination {good.Destination}.", good.Destination);
            }

            mounts.Add(good);
        }

        foreach (string path in imageVolumes)
        {
            string destination = OptionCheck.AbsolutePath(path, "image's volume");
            if (destination != "/" && !mounts.Exists(mount => mount.Destination == destination))
            {
                mounts.Add(new ContainerMount { Type = ContainerMountType.Volume, Destination = destination });
            }
        }

        // A stable sort: those of the same depth keep the user's order.
        return [.. mounts.OrderBy(mount => mount.Destination.AsSpan().Count('/'))];
    }

    private static ContainerMount Check(ContainerMount mount)
    {
        string destination = OptionCheck.AbsolutePath(mount.Destination, "mount's destination");
        if (destination == "/") throw Invalid("Nothing can be mounted over a container's root.", mount.Destination);
        bool readOnly = mount.ReadOnly || mount.Options.Contains("ro");
        List<string> options = [];
        foreach (string option in mount.Options)
        {
            if (option is "ro" or "rw" or "z" or "Z" or "") continue;
            if (!IsOption(option, mount.Type)) throw Invalid($"'{option}' is not an option of a {Word(mount.Type)}.", option);
            options.Add(option);
        }

        return new ContainerMount
        {
            Type = mount.Type,
            Source = Source(mount),
            Destination = destination,
            ReadOnly = readOnly,
            Options = options,
        };
    }

    private static string Source(ContainerMount mount)
    {
        switch (mount.Type)
        {
            case ContainerMountType.Bind:
                string source = OptionCheck.AbsolutePath(mount.Source, "bind mount's source");
                return Libc.TryStat(source, out _, follow: true)
                    ? source
                    : throw new ContainerException(ErrorCode.FileNotFound, $"The bind mount's source {source} does not exist; make it first.", source);
            case ContainerMountType.Volume:
                return mount.Source.Length == 0 || ContainerName.IsValid(mount.Source)
                    ? mount.Source
                    : throw Invalid($"'{mount.Source}' cannot be a volume's name; use two or more letters, digits, '_', '.' and '-'.", mount.Source);
            default:
                return mount.Source.Length == 0
                    ? ""
                    : throw Invalid($"A tmpfs has no source; '{mount.Source}' was given.", mount.Source);
        }
    }

    private static bool IsOption(string option, ContainerMountType type) => s_attributes.Contains(option) || type switch
    {
        ContainerMountType.Tmpfs => TmpfsOption().IsMatch(option),
        ContainerMountType.Volume => s_propagations.Contains(option) || option is "nocopy",
        _ => s_propagations.Contains(option) || option is "idmap" or "ridmap",
    };

    private static string Word(ContainerMountType type) => type switch
    {
        ContainerMountType.Bind => "bind mount",
        ContainerMountType.Volume => "volume",
        _ => "tmpfs",
    };

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);

    [GeneratedRegex(@"^(size=\d+[kKmMgG%]?|nr_inodes=\d+[kKmMgG]?|nr_blocks=\d+[kKmMgG]?|mode=[0-7]{3,4}|uid=\d+|gid=\d+|huge=(never|always|within_size|advise))\z")]
    private static partial Regex TmpfsOption();
}
