using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// Turns <c>user[:group]</c> into numbers with the passwd(5) and group(5) files of the container's root, as Docker does: a number needs no entry; without a
/// group the user's own is taken and, as supplementary ones, it and those that list the user.
/// </summary>
internal static class UserLookup
{
    private const int MaximumFileSize = 4 << 20;

    /// <summary>Resolves the user of a process.</summary>
    /// <param name="user">As the configuration says.</param>
    /// <param name="root">The container's root folder; null when there is none to look into.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.UserNotFound"/>.</exception>
    public static ResolvedUser Resolve(OciUser user, SafeFileHandle? root)
    {
        List<Entry> users = Read(root, "etc/passwd");
        uint uid = user.Uid, gid = user.Gid;
        List<uint> groups = [.. user.AdditionalGids ?? []];
        if (user.Username is { Length: > 0 } text)
        {
            (uid, gid) = ByName(text, users, root, groups);
            // As initgroups(3): a program that takes on another group must not lose the user's own, which may be there to deny something (CVE-2022-36109).
            groups.Remove(gid);
            groups.Insert(0, gid);
        }

        foreach (string name in user.AdditionalGroupNames ?? []) AddOnce(groups, Group(name, Read(root, "etc/group")));
        string? home = null;
        foreach (Entry entry in users)
        {
            if (entry.Id != uid) continue;
            home = entry.Field(5);
            break;
        }

        return new ResolvedUser(uid, gid, groups, string.IsNullOrEmpty(home) ? null : home);
    }

    private static (uint Uid, uint Gid) ByName(string text, List<Entry> users, SafeFileHandle? root, List<uint> groups)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        string? groupName = colon < 0 ? null : text[(colon + 1)..];
        Entry? found = Find(users, name.Length == 0 ? "0" : name);
        uint uid = found?.Id ?? Number(name) ?? throw new ContainerException(
            ErrorCode.UserNotFound, $"The image has no user '{name}'; use one that its /etc/passwd lists, or a number.", name);
        if (!string.IsNullOrEmpty(groupName)) return (uid, Group(groupName, Read(root, "etc/group")));

        uint gid = Number(found?.Field(3)) ?? 0;
        if (found is { } known)
        {
            foreach (Entry entry in Read(root, "etc/group"))
            {
                if (entry.Field(3).Split(',').Contains(known.Name)) AddOnce(groups, entry.Id);
            }
        }

        return (uid, gid);
    }

    private static uint Group(string name, List<Entry> groups)
        => Find(groups, name)?.Id ?? Number(name) ?? throw new ContainerException(
            ErrorCode.UserNotFound, $"The image has no group '{name}'; use one that its /etc/group lists, or a number.", name);

    private static Entry? Find(List<Entry> entries, string name)
    {
        foreach (Entry entry in entries)
        {
            if (entry.Name == name) return entry;
        }

        if (Number(name) is not { } number) return null;
        foreach (Entry entry in entries)
        {
            if (entry.Id == number) return entry;
        }

        return null;
    }

    private static void AddOnce(List<uint> list, uint item)
    {
        if (!list.Contains(item)) list.Add(item);
    }

    private static uint? Number(string? text)
        => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= int.MaxValue ? number : null;

    private static List<Entry> Read(SafeFileHandle? root, string path)
    {
        List<Entry> entries = [];
        using SafeFileHandle? file = root is null ? null : Libc.TryOpenFileIn(root, path);
        if (file is null) return entries;
        byte[] buffer = new byte[4096];
        int length = 0;
        while (true)
        {
            int read = Libc.Read(file, buffer.AsSpan(length));
            if (read < 0) throw KernelError.From("read", -read, "/" + path);
            if (read == 0) break;
            length += read;
            if (length > MaximumFileSize) throw new ContainerException(ErrorCode.InvalidConfiguration, $"/{path} in the container is larger than 4 MB.", path);
            if (length == buffer.Length) Array.Resize(ref buffer, length * 2);
        }

        foreach (Range line in buffer.AsSpan(0, length).Split((byte)'\n'))
        {
            string[] fields = Encoding.UTF8.GetString(buffer.AsSpan(0, length)[line]).Split(':');
            if (fields.Length >= 3 && fields[0].Length > 0 && Number(fields[2]) is { } id) entries.Add(new Entry(fields[0], id, fields));
        }

        return entries;
    }

    private readonly record struct Entry(string Name, uint Id, string[] Fields)
    {
        public string Field(int index) => index < Fields.Length ? Fields[index].Trim() : "";
    }
}
