using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// /etc/hosts, /etc/hostname and /etc/resolv.conf of a container, written at every start: they are the engine's files, and the host's
/// resolver may have changed since the last run.
/// </summary>
internal static class NetworkFiles
{
    /// <summary>Where the resolver of a container in a network listens.</summary>
    public const string DnsServer = "127.0.0.11";

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
            string known = address != NetworkMode.HostGateway
                ? address
                : plan?.Endpoints.Where(static endpoint => endpoint.Driver == "bridge").SelectMany(static endpoint => endpoint.Gateways).FirstOrDefault() ?? "127.0.0.1";
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
    /// there stays.
    /// </summary>
    public static void Update(ContainerFiles files, ContainerConfiguration configuration, NetworkPlan before, NetworkPlan after)
    {
        if (ContainerStateReader.ReadFile(files.Hosts) is not { } content) return;
        HashSet<string> gone = [.. Lines(before, configuration)], wanted = [.. Lines(after, configuration)];
        string[] lines = Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> kept = lines.Where(line => !gone.Contains(line) || wanted.Contains(line));
        StringBuilder text = new();
        foreach (string line in kept.Concat(wanted.Where(line => !lines.Contains(line)))) text.Append(line).Append('\n');
        // Not by rename: the mount would go on to show the old file.
        File.WriteAllText(files.Hosts, text.ToString());
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
