using System.Net;
using System.Net.Sockets;

namespace ContainerTools.Runtime.Volumes;

/// <summary>
/// Completes the mount of an NFS volume as mount.nfs(8) does before it calls mount(2): the kernel knows no names of hosts, and wants the server's address as the
/// option <c>addr</c> beside <c>server:/path</c>.
/// </summary>
internal static class NfsServer
{
    /// <summary>Whether it is a type of file system that needs this.</summary>
    public static bool Serves(string type) => type is "nfs" or "nfs4";

    /// <summary>Checks what can be checked without the network.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void Check(string device, IEnumerable<string> words)
    {
        (string server, string path) = Split(device);
        if (path.Length == 0) throw Invalid($"'{device}' is no place on a server; write the device of an NFS volume as server:/path.", device);
        if (server.Length == 0 && AddressIn(words) is null) throw Invalid($"'{device}' names no server; write server:/path, or add the option addr.", device);
    }

    /// <summary>Puts the address into the options, and the server into the device where it stands in the options alone.</summary>
    /// <param name="device">The device, as the user gave it.</param>
    /// <param name="words">The options; changed.</param>
    /// <param name="resolve">Looks a name up.</param>
    /// <returns>The device for the kernel.</returns>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>: the server has no address.</exception>
    public static string Complete(string device, List<string> words, Func<string, IPAddress[]> resolve)
    {
        (string server, string path) = Split(device);
        string? given = AddressIn(words);
        if (server.Length == 0) server = given ?? "";
        IPAddress address = Address(given ?? server, resolve);
        words.RemoveAll(IsAddress);
        words.Add($"addr={address}");
        // An address of version 6 has colons of its own.
        return $"{(IPAddress.TryParse(server, out IPAddress? literal) && literal.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{server}]" : server)}:{path}";
    }

    /// <summary>Server and path of <c>server:/path</c>; an address of version 6 stands in brackets. Without a path, it is no such thing.</summary>
    private static (string Server, string Path) Split(string device)
    {
        int colon = device.IndexOf(":/", StringComparison.Ordinal);
        if (device.StartsWith('['))
        {
            int end = device.IndexOf(']', StringComparison.Ordinal);
            colon = end > 0 && device.AsSpan(end + 1).StartsWith(":/") ? end + 1 : -1;
            return colon < 0 ? ("", "") : (device[1..end], device[(colon + 1)..]);
        }

        return colon < 0 ? ("", "") : (device[..colon], device[(colon + 1)..]);
    }

    private static IPAddress Address(string host, Func<string, IPAddress[]> resolve)
    {
        if (IPAddress.TryParse(host, out IPAddress? literal)) return literal;
        try
        {
            if (resolve(host) is [IPAddress first, ..]) return first;
        }
        catch (SocketException error)
        {
            throw NoAddress(host, error);
        }

        throw NoAddress(host, null);
    }

    private static ContainerException NoAddress(string host, Exception? cause)
        => new(ErrorCode.InvalidArgument, $"The NFS server '{host}' has no address that this machine knows; check the name, or give the address as the option addr.", host, cause);

    private static string? AddressIn(IEnumerable<string> words) => words.FirstOrDefault(IsAddress)?["addr=".Length..];

    private static bool IsAddress(string word) => word.StartsWith("addr=", StringComparison.Ordinal) && word.Length > "addr=".Length;

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);
}
