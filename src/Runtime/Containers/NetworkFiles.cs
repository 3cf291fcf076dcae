using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// /etc/hosts, /etc/hostname and /etc/resolv.conf of a container, written at every start: they are the engine's files, and the host's
/// resolver may have changed since the last run.
/// </summary>
internal static class NetworkFiles
{
    /// <summary>Where the resolver of a container in a network listens.</summary>
    public const string DnsServer = "127.0.0.11";

    // The container writes it, and may write what it likes.
    private const int MostHosts = 1024 * 1024;

    private const string Loopback =
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

    /// <summary>Writes them.</summary>
    public static void Write(ContainerServices services, ContainerFiles files, ContainerConfiguration configuration, NetworkPlan? plan)
    {
        Write(files.HostName, Encoding.UTF8.GetBytes(configuration.HostName + "\n"), configuration);
        if (NetworkMode.TargetOf(configuration.NetworkMode) is { } target)
        {
            // Whoever shares a network shares what is known of it.
            ContainerFiles others = services.Store.Files(services.Store.Resolve(target));
            Write(files.Hosts, ContainerStateReader.ReadFile(others.Hosts) ?? [], configuration);
            Write(files.ResolvConf, ContainerStateReader.ReadFile(others.ResolvConf) ?? [], configuration);
            return;
        }

        bool host = configuration.NetworkMode == "host" || configuration.NetworkMode.StartsWith("ns:", StringComparison.Ordinal);
        byte[] hosts = (host ? ContainerStateReader.ReadFile("/etc/hosts") : null) ?? Encoding.UTF8.GetBytes(Loopback);
        StringBuilder own = new();
        string names = Names(configuration);
        // Without a network of its own the container's name leads to itself, so that programs which look it up do not wait for a resolver.
        if (plan is null && !host) own.Append("127.0.0.1\t").Append(names).Append('\n');
        if (plan is not null) foreach (string line in Lines(plan, configuration)) own.Append(line).Append('\n');

        foreach ((string name, string address) in configuration.HostEntries.Select(NetworkMode.HostEntry))
        {
            string? known = address;
            if (address == NetworkMode.HostGateway)
            {
                known = plan is null ? "127.0.0.1" : plan.Endpoints.Where(static endpoint => endpoint.Driver == "bridge").SelectMany(static endpoint => endpoint.Gateways).FirstOrDefault();
            }

            // It has been taken out of the networks that reach the host.
            if (known is null) continue;
            own.Append(known).Append('\t').Append(name).Append('\n');
        }

        Write(files.Hosts, [.. hosts, .. Encoding.UTF8.GetBytes(own.ToString())], configuration);
        Write(files.ResolvConf, Resolver(configuration, plan, host), configuration);
    }

    private static byte[] Resolver(ContainerConfiguration configuration, NetworkPlan? plan, bool host)
    {
        if (plan is not null) return Encoding.UTF8.GetBytes(HostResolver.File(configuration, [DnsServer], withHost: true));
        byte[] given = (host ? ContainerStateReader.ReadFile("/etc/resolv.conf") : null) ?? [];
        bool isAsked = configuration.DnsServers.Count + configuration.DnsSearch.Count + configuration.DnsOptions.Count > 0;
        // As Docker: what was asked for takes the place of what the host has, and the rest stays.
        return isAsked
            ? Encoding.UTF8.GetBytes(HostResolver.File(configuration, configuration.DnsServers.Count > 0 ? configuration.DnsServers : HostResolver.Words(given, "nameserver"), withHost: host))
            : given;
    }

    /// <summary>
    /// Adds the addresses of new networks to /etc/hosts and takes those of others out, in the very file that the container has mounted. What its programs have written
    /// there stays, byte for byte; and whenever this ends half-way, all other lines are there.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.SizeLimitExceeded"/>, or the kernel's refusal.</exception>
    public static void Update(ContainerFiles files, ContainerConfiguration configuration, NetworkPlan before, NetworkPlan after)
    {
        // Not by rename: the mount would go on to show the old file.
        using SafeFileHandle? file = Libc.TryOpen(files.Hosts, Libc.O_RDWR | Libc.O_CLOEXEC, 0, out int errno);
        if (file is null && errno == Errno.ENOENT) return;
        if (file is null) throw KernelError.From("open", errno, files.Hosts);
        long length = RandomAccess.GetLength(file);
        if (length > MostHosts) throw new ContainerException(ErrorCode.SizeLimitExceeded, $"The file has {length} bytes, more than the {MostHosts} that are read of it.", files.Hosts);
        byte[] content = new byte[length];
        content = content[..RandomAccess.Read(file, content, 0)];
        (int start, byte[] rest) = Change(content, [.. Lines(before, configuration)], [.. Lines(after, configuration)]);
        // What comes before the first change is not touched. The new end is written before the old one is cut off.
        if (rest.Length > 0) RandomAccess.Write(file, rest, start);
        if (start + rest.Length < content.Length) RandomAccess.SetLength(file, start + rest.Length);
    }

    /// <summary>Where a file of lines changes for the first time, and what it is from there on.</summary>
    internal static (int Start, byte[] End) Change(ReadOnlySpan<byte> content, IReadOnlyList<string> before, IReadOnlyList<string> wanted)
    {
        HashSet<string> missing = [.. wanted], gone = [.. before.Where(line => !missing.Contains(line))];
        List<byte> rest = [];
        int start = -1;
        for (int place = 0; place < content.Length;)
        {
            int end = content[place..].IndexOf((byte)'\n') is >= 0 and int found ? place + found + 1 : content.Length;
            ReadOnlySpan<byte> line = content[place..end];
            // Each byte a character: lines of the engine's are ASCII, and no other can be taken for one of them.
            string text = Encoding.Latin1.GetString(line).TrimEnd('\n');
            missing.Remove(text);
            if (gone.Contains(text)) start = start < 0 ? place : start;
            else if (start >= 0) rest.AddRange(line);
            place = end;
        }

        if (start < 0) start = content.Length;
        byte last = rest.Count > 0 ? rest[^1] : start > 0 ? content[start - 1] : (byte)'\n';
        foreach (string line in wanted.Where(missing.Contains))
        {
            if (last != '\n') rest.Add((byte)'\n');
            rest.AddRange(Encoding.UTF8.GetBytes(line + "\n"));
            last = (byte)'\n';
        }

        return (start, [.. rest]);
    }

    private static IEnumerable<string> Lines(NetworkPlan plan, ContainerConfiguration configuration)
        => plan.Endpoints.SelectMany(static endpoint => endpoint.Addresses).Select(address => $"{address[..address.IndexOf('/', StringComparison.Ordinal)]}\t{Names(configuration)}");

    private static string Names(ContainerConfiguration configuration)
        => configuration.HostName.Split('.')[0] is { } first && first != configuration.HostName ? $"{configuration.HostName} {first}" : configuration.HostName;

    private static void Write(string path, byte[] content, ContainerConfiguration configuration)
    {
        const UnixFileMode everybodyReads = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        AtomicFile.Write(path, content, durable: false, everybodyReads);
        if (configuration.UserNamespace) Libc.ChangeOwner(path, configuration.UserNamespaceHostId, configuration.UserNamespaceHostId);
    }
}
