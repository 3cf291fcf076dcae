using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Copies a folder of an image, as its layers make it up together, into a new volume, with owners, modes, times, extended
/// attributes and device nodes. The target is a folder that nobody else sees yet. Hard links become files of their own.
/// </summary>
internal static class LayerCopy
{
    /// <summary>Copies what the image has at a path; leaves the target empty where it has no folder there.</summary>
    public static void Copy(LayerView image, string path, string target)
    {
        if (image.Find(path) is { Status.IsFolder: true } folder) CopyFolder(folder, target);
    }

    private static void CopyFolder(LayerView.Entry folder, string target)
    {
        foreach (LayerView.Entry child in LayerView.Children(folder))
        {
            string place = Path.Combine(target, Path.GetFileName(child.Path));
            if (child.Status.IsFolder)
            {
                Directory.CreateDirectory(place);
                CopyFolder(child, place);
                continue;
            }

            if (child.Status.IsFile)
            {
                CopyFile(child, place);
            }
            else if (child.Status.IsLink)
            {
                if (Libc.ReadLink(child.HostPath) is { } text) Libc.TrySymlink(text, place);
            }
            else
            {
                Libc.MakeNode(place, child.Status);
            }

            Libc.CopyMetadata(child.HostPath, place, child.Status);
        }

        // Last, because every entry made in it changes its time.
        Libc.CopyMetadata(folder.HostPath, target, folder.Status);
    }

    private static void CopyFile(LayerView.Entry file, string target)
    {
        using SafeFileHandle from = Libc.Open(file.HostPath, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        using SafeFileHandle to = Libc.Open(target, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0x180 /* 0600 */);
        byte[] buffer = new byte[128 * 1024];
        for (long offset = 0; ;)
        {
            int length = RandomAccess.Read(from, buffer, offset);
            if (length == 0) return;
            RandomAccess.Write(to, buffer.AsSpan(0, length), offset);
            offset += length;
        }
    }
}
