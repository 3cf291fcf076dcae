using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// Mount targets behind symbolic links whose own targets the image does not have: <c>/var/run/secrets</c> where <c>/var/run</c> leads to a
/// <c>/run</c> that is missing. The kernel makes no folder through such a link, so the path is followed here, as far as the image goes, and the
/// launch then makes, and resolves inside the root, what it led to.
/// </summary>
internal static class DanglingLinks
{
    private const int MaximumLinks = 40;

    /// <summary>A path from the root, with links that lead nowhere replaced by where they lead.</summary>
    /// <param name="context">The launch.</param>
    /// <param name="relative">The path, without a leading slash.</param>
    public static string Follow(LaunchContext context, string relative)
    {
        if (context.Inputs.RootFolder is not { } root || IsBelowMount(context.Spec, relative)) return relative;
        for (int links = 0; links < MaximumLinks; links++)
        {
            if (relative.Length == 0 || Exists(root, relative)) return relative;
            if (Step(root, relative) is not { } followed) return relative;
            relative = followed;
        }

        throw LaunchContext.Invalid($"The path /{relative} in the container goes through more than {MaximumLinks} symbolic links.", "/" + relative);
    }

    /// <summary>Replaces the first link that leads nowhere; null when there is none.</summary>
    private static string? Step(SafeFileHandle root, string relative)
    {
        string[] names = relative.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int count = 1; count <= names.Length; count++)
        {
            string prefix = string.Join('/', names[..count]);
            if (Exists(root, prefix)) continue;
            using SafeFileHandle? link = Open(root, prefix, Libc.O_NOFOLLOW);
            if (link is null || Libc.ReadLinkAt(link, default, out byte[] text) != 0) return null;
            string target = Encoding.UTF8.GetString(text);
            IEnumerable<string> start = target.StartsWith('/') ? [] : names[..(count - 1)];
            return Normalize([.. start, .. target.Split('/'), .. names[count..]]);
        }

        return null;
    }

    private static string Normalize(IEnumerable<string> names)
    {
        List<string> path = [];
        foreach (string name in names)
        {
            // ".." at the root stays there, as it does in a chroot.
            if (name == "..") path.RemoveRange(Math.Max(0, path.Count - 1), Math.Min(1, path.Count));
            else if (name is not "" and not ".") path.Add(name);
        }

        return string.Join('/', path);
    }

    private static bool Exists(SafeFileHandle root, string path)
    {
        using SafeFileHandle? file = Open(root, path, 0);
        return file is not null;
    }

    private static SafeFileHandle? Open(SafeFileHandle root, string path, int flags)
        => Libc.TryOpenAt2(root, path, Libc.O_PATH | Libc.O_CLOEXEC | flags, Libc.RESOLVE_IN_ROOT | Libc.RESOLVE_NO_MAGICLINKS);

    // What the image has below a mount point is hidden by the mount.
    private static bool IsBelowMount(OciSpec spec, string relative)
    {
        foreach (OciMount mount in spec.Mounts ?? [])
        {
            string destination = RootPaths.Relative(mount.Destination);
            if (destination.Length > 0 && relative.Length > destination.Length && relative.StartsWith(destination, StringComparison.Ordinal) && relative[destination.Length] == '/') return true;
        }

        return false;
    }
}
