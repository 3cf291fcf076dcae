using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// File systems of a network. They speak to their server in the network namespace of who opens them, so the launcher does that, in the host's: a container
/// without a network, or in one that the server cannot be reached from, has its files nevertheless, and a user namespace is none in the way.
/// </summary>
internal static class RemoteMount
{
    private static readonly string[] s_types = ["nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "9p"];

    /// <summary>Whether a type of file system is one of them.</summary>
    public static bool Has(string type) => Array.IndexOf(s_types, type) >= 0;

    /// <summary>A detached mount. Waits for the server as long as its options say.</summary>
    /// <param name="type">The type.</param>
    /// <param name="source">What it is of, <c>server:/path</c> for example.</param>
    /// <param name="destination">Where it is to go, for messages.</param>
    /// <param name="options">The mount's options.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.LaunchFailed"/>, with what the kernel says of it.</exception>
    public static SafeFileHandle Make(string type, string source, string destination, MountOptions options)
    {
        SafeFileHandle? context = null;
        try
        {
            context = Libc.OpenFileSystem(type);
            Configure(context, "source", source);
            foreach (string option in options.Data)
            {
                int equals = option.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0) Libc.ConfigureFileSystemFlag(context, option);
                else Configure(context, option[..equals], option[(equals + 1)..]);
            }

            if ((options.Set & Libc.MOUNT_ATTR_RDONLY) != 0) Libc.ConfigureFileSystemFlag(context, "ro");
            return Libc.MountFileSystem(context, options.Set, destination);
        }
        catch (KernelException error)
        {
            string hint = error.Errno == Errno.ENODEV ? $"; the kernel has no such file system, or its module is not loaded (modprobe {type})" : Said(context);
            throw new ContainerException(ErrorCode.LaunchFailed, $"mount {type} on {destination}: {source}: {error.Message}{hint}", destination, error);
        }
        finally
        {
            context?.Dispose();
        }
    }

    private static void Configure(SafeFileHandle context, string key, string value)
    {
        if (!Libc.ConfigureFileSystem(context, key, value)) throw KernelError.From("fsconfig", Errno.EINVAL, $"{key}={value}");
    }

    /// <summary>What the file system has written into its context's log (fsopen(2)): lines of a letter for the kind, and the text.</summary>
    private static string Said(SafeFileHandle? context)
    {
        if (context is null) return "";
        StringBuilder said = new();
        byte[] line = new byte[1024];
        for (int read; (read = Libc.Read(context, line)) > 0;)
        {
            string text = Encoding.UTF8.GetString(line, 0, read).Trim();
            said.Append("; ").Append(text.Length > 2 && text[1] == ' ' ? text[2..] : text);
        }

        return said.ToString();
    }
}
