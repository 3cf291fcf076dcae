using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// /etc/hosts, /etc/hostname and /etc/resolv.conf of a container, written at every start: they are the engine's files, and the host's
/// resolver may have changed since the last run.
/// </summary>
internal static class NetworkFiles
{
    private const string Loopback =
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

    /// <summary>Writes them.</summary>
    public static void Write(ContainerFiles files, ContainerConfiguration configuration)
    {
        bool host = configuration.NetworkMode == "host";
        byte[] hosts = (host ? ContainerStateReader.ReadFile("/etc/hosts") : null) ?? Encoding.UTF8.GetBytes(Loopback);
        // Without a network of its own the container's name leads to itself, so that programs which look it up do not wait for a resolver.
        if (!host) hosts = [.. hosts, .. Encoding.UTF8.GetBytes($"127.0.0.1\t{configuration.HostName}\n")];
        Write(files.Hosts, hosts, configuration);
        Write(files.HostName, Encoding.UTF8.GetBytes(configuration.HostName + "\n"), configuration);
        Write(files.ResolvConf, host ? ContainerStateReader.ReadFile("/etc/resolv.conf") ?? [] : [], configuration);
    }

    private static void Write(string path, byte[] content, ContainerConfiguration configuration)
    {
        const UnixFileMode everybodyReads = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        AtomicFile.Write(path, content, durable: false, everybodyReads);
        if (configuration.UserNamespace) Libc.ChangeOwner(path, configuration.UserNamespaceHostId, configuration.UserNamespaceHostId);
    }
}
