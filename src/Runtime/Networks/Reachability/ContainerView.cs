using System.Globalization;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>
/// A container as a process in it sees it: its network namespace, which the calling thread joins for good, and the files of its root. Both
/// are opened before it is asked whether the process is the one that is meant, so that nothing is joined or read of one that has got its number since.
/// </summary>
internal sealed class ContainerView : IDisposable
{
    private const int LargestFile = 1 << 20;
    private readonly SafeFileHandle _root;

    private ContainerView(SafeFileHandle root) => _root = root;

    /// <summary>Joins the network of a container, and opens its root.</summary>
    /// <param name="processId">A process in it.</param>
    /// <param name="startTime">When it started.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.ContainerNotRunning"/>, <see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static ContainerView Join(int processId, ulong startTime)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");
        using SafeFileHandle? network = Libc.TryOpen(folder + "/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC, 0, out int errno);
        SafeFileHandle? root = network is null ? null : Libc.TryOpen(folder + "/root", Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0, out errno);
        try
        {
            // Compared after opening: the process that has this number now had it then as well.
            if (errno == Errno.ENOENT || errno == Errno.ESRCH || !ProcessStat.IsAlive(processId, startTime))
            {
                throw new ContainerException(ErrorCode.ContainerNotRunning, "The container has ended.");
            }

            if (network is null || root is null) throw KernelError.From("open", errno, folder);
            // Whoever is in it already needs no privilege to stay: a container with the host's network.
            using SafeFileHandle own = Libc.Open("/proc/self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC);
            FileStatus here = Libc.Stat(own), there = Libc.Stat(network);
            if (here.Inode != there.Inode || here.Device != there.Device) Libc.JoinNamespace(network, Namespaces.FlagOf("network"), "the container's network namespace");
            return new ContainerView(root);
        }
        catch
        {
            root?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A file of the container's, whose first megabyte counts; empty where there is none. The container may have put anything there: links are followed inside its root, and
    /// what is no file is not opened.
    /// </summary>
    public byte[] Read(string path)
    {
        using SafeFileHandle? file = TryOpen(path);
        if (file is null) return [];
        byte[] content = new byte[4096];
        int length = 0;
        while (length < LargestFile)
        {
            if (length == content.Length) Array.Resize(ref content, length * 2);
            int count = Libc.Read(file, content.AsSpan(length));
            if (count < 0) throw KernelError.From("read", -count, path);
            if (count == 0) break;
            length += count;
        }

        return content[..length];
    }

    // To the C library of a program there, a file that cannot be opened (links in a circle) is none as well.
    private SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return Libc.TryOpenFileIn(_root, path.TrimStart('/'));
        }
        catch (KernelException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();
}
