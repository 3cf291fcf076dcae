using System.Buffers;
using System.Buffers.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups;

/// <summary>Reads cgroup.procs, which has one process id a line.</summary>
internal static class ProcessList
{
    private const string File = "cgroup.procs";

    /// <summary>The processes of a cgroup; empty when it is gone.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="recursive">Also those of child cgroups.</param>
    public static IReadOnlyList<int> Read(CgroupFolder folder, bool recursive)
    {
        var processes = new List<int>();
        Add(folder, recursive, processes);
        return processes;
    }

    /// <summary>The names of the child cgroups; empty when the cgroup is gone.</summary>
    public static IReadOnlyList<string> Children(CgroupFolder folder)
    {
        // A folder has two links of its own and one from each child ("..", as the kernel counts for cgroups too): no listing where there are none.
        if (!Libc.TryStat(folder.Path, out FileStatus status) || status.Links == 2) return [];
        try
        {
            return [.. Directory.EnumerateDirectories(folder.Path).Select(path => Path.GetFileName(path))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static void Add(CgroupFolder folder, bool recursive, List<int> processes)
    {
        byte[]? rented = null;
        try
        {
            Span<byte> buffer = stackalloc byte[1024];
            int count;
            while ((count = folder.TryRead(File, buffer)) == buffer.Length)
            {
                int size = buffer.Length * 8;
                if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
                buffer = rented = ArrayPool<byte>.Shared.Rent(size);
            }

            // ENOENT, ENODEV: it has been removed. EOPNOTSUPP: a threaded cgroup; the processes are listed by the domain above it.
            bool absent = count == -Errno.ENOENT || count == -Errno.ENODEV || count == -Errno.EOPNOTSUPP;
            if (count < 0 && !absent) throw KernelError.From("read", -count, folder.PathOf(File));
            if (count > 0) Parse(buffer[..count], processes);
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }

        if (!recursive) return;
        foreach (string child in Children(folder)) Add(folder.Child(child), recursive, processes);
    }

    private static void Parse(ReadOnlySpan<byte> text, List<int> processes)
    {
        while (Utf8Parser.TryParse(text, out int id, out int used))
        {
            // 0 is a process of another pid namespace, which has no number here.
            if (id > 0) processes.Add(id);
            if (used >= text.Length) return;
            text = text[(used + 1)..];
        }
    }
}
