using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Processes;

/// <summary>The names that a container's /etc/passwd gives to user ids.</summary>
internal sealed class UserNames
{
    private const int MaximumFile = 4 << 20;

    private readonly Dictionary<uint, string> _names = [];

    /// <summary>
    /// Reads the passwd(5) file in a process's root. The container may have put anything there: links are resolved inside that root, a
    /// pipe does not make this wait, and what cannot be read gives no names.
    /// </summary>
    public static UserNames OfProcess(int processId)
    {
        UserNames names = new();
        using SafeFileHandle? root = Libc.TryOpen($"/proc/{processId}/root", Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0, out _);
        if (root is null) return names;
        try
        {
            using SafeFileHandle? file = Libc.TryOpenAt2(
                root,
                "etc/passwd",
                Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOCTTY | Libc.O_CLOEXEC,
                Libc.RESOLVE_IN_ROOT | Libc.RESOLVE_NO_MAGICLINKS);
            if (file is not null && Libc.Stat(file) is { IsFile: true, Size: <= MaximumFile } status) names.Parse(file, status.Size);
        }
        catch (KernelException)
        {
            // Names are a courtesy; the numbers are there in any case.
        }

        return names;
    }

    /// <summary>The name of a user id inside the container; null if it has none.</summary>
    public string? Find(uint user) => _names.GetValueOrDefault(user);

    private void Parse(SafeFileHandle file, long size)
    {
        byte[] content = new byte[size];
        int length = RandomAccess.Read(file, content, 0);
        foreach (string line in Encoding.UTF8.GetString(content, 0, length).Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 3 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint user)) _names.TryAdd(user, fields[0]);
        }
    }
}
