using System.Text;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>One cgroup file system that is mounted.</summary>
/// <param name="Path">Where.</param>
/// <param name="IsV2">Version 2 or 1.</param>
/// <param name="IsReadOnly">Mounted read-only: of no use to us.</param>
/// <param name="Options">For v1: controllers and <c>name=…</c>, with the file system's own options between them.</param>
internal sealed record CgroupMount(string Path, bool IsV2, bool IsReadOnly, IReadOnlyList<string> Options)
{
    /// <summary>
    /// Reads mountinfo (proc_pid_mountinfo(5)). Works on its bytes and makes strings of cgroup lines only: a machine with many
    /// containers has hundreds of lines, each with a kilobyte of overlay options.
    /// </summary>
    /// <param name="mountInfo">The file's content.</param>
    /// <param name="below">Only mounts at this folder or below it.</param>
    public static IReadOnlyList<CgroupMount> Parse(ReadOnlySpan<byte> mountInfo, string below)
    {
        var mounts = new List<CgroupMount>();
        while (!mountInfo.IsEmpty)
        {
            int end = mountInfo.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? mountInfo : mountInfo[..end];
            mountInfo = end < 0 ? [] : mountInfo[(end + 1)..];
            // "id parent major:minor root mount-point options [optional fields] - type source super-options"
            int dash = line.IndexOf(" - cgroup"u8);
            if (dash < 0) continue;
            ReadOnlySpan<byte> type = Field(line[(dash + 3)..], 0);
            bool isV2 = type.SequenceEqual("cgroup2"u8);
            if (!isV2 && !type.SequenceEqual("cgroup"u8)) continue;
            string path = Unescape(Field(line, 4));
            if (!path.StartsWith(below, StringComparison.Ordinal) || (path.Length > below.Length && path[below.Length] != '/')) continue;
            string options = Encoding.UTF8.GetString(Field(line, 5));
            string superOptions = Encoding.UTF8.GetString(Field(line[(dash + 3)..], 2));
            bool readOnly = options.Split(',').Contains("ro") || superOptions.Split(',').Contains("ro");
            // A later mount on the same folder hides the earlier one.
            mounts.RemoveAll(mount => mount.Path == path);
            mounts.Add(new CgroupMount(path, isV2, readOnly, superOptions.Split(',')));
        }

        return mounts;
    }

    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> line, int index)
    {
        for (; index > 0; index--)
        {
            int space = line.IndexOf((byte)' ');
            if (space < 0) return [];
            line = line[(space + 1)..];
        }

        int end = line.IndexOf((byte)' ');
        return end < 0 ? line : line[..end];
    }

    /// <summary>Space, tab, newline and backslash are written as three octal digits.</summary>
    private static string Unescape(ReadOnlySpan<byte> field)
    {
        if (!field.Contains((byte)'\\')) return Encoding.UTF8.GetString(field);
        var bytes = new List<byte>(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                bytes.Add((byte)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(field[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
